package foreign

import "github.com/martinelli-lang/martinelli/plan"

// Limits of a module. Each is checked before anything of that size is made.
const (
	SizeMax      = 16 << 20 // bytes of a module
	outputMax    = 64 << 20 // bytes of what is made of it
	typesMax     = 10_000
	functionsMax = 50_000
	globalsMax   = 1_000
	exportsMax   = 10_000
	segmentsMax  = 50_000
	elementsMax  = 100_000 // of a table
	arityMax     = 1_000   // parameters, or results, of a function
	localsMax    = 4_000   // of a function, with its parameters
	nestingMax   = 10_000  // blocks inside one another
	targetsMax   = 65_536  // of one br_table
	nameMax      = 256
)

// Limits of what a function may take. They are part of its meaning: a replica
// that gave more would fill cells that others leave.
const (
	FuelMax  = 5_000_000   // units that one call may spend; 10 ms, or a few times that on a busy machine
	FillMax  = 500_000_000 // of a function that fills a cell: called beside the node, where nobody waits
	StartMax = 20_000_000  // units that a module may spend on its start, once a process
	PagesMax = 512         // of 64 KiB each: 32 MiB
	StackMax = 64 << 10    // slots of 8 bytes of all calls inside one another
)

// What a unit is: about the time of an addition in a register.
const (
	costPlain    = 1
	costMemory   = 3
	costDivision = 16
	costRegion   = 4 // to pay for one
	costCall     = 10
	costGrow     = 50_000 // each page that memory grows by
	frameSlots   = 36     // of a call, beside its locals and operands: so calls go 1,820 deep at most, which every engine allows
)

// FuelOf is what a call of a function may spend. What fills a cell is called
// beside the node, and may look at a picture; handlers and views are computed
// while somebody waits. Which it is, the program's text says, so every replica
// gives the same. It costs a look at every process.
func FuelOf(p *plan.Program, link string) int64 {
	for i := range p.Processes {
		for _, r := range p.Processes[i].Runs {
			if p.Imports[r.Import].Link() == link {
				return FillMax
			}
		}
	}
	return FuelMax
}
