package foreign

import (
	"strconv"

	"github.com/martinelli-lang/martinelli/value"
)

// Instance is a Module's Code that an engine has made ready to run. One
// goroutine at a time uses it.
type Instance interface {
	// Call calls an exported function. The error is a trap, in the engine's words.
	Call(function string, args ...uint64) (uint64, error)

	Size() uint32 // of memory, in bytes; 4 GiB never come
	Grow(pages uint32) bool
	Read(at, size uint32) (b []byte, ok bool) // valid until the next call of anything
	Write(at uint32, b []byte) (ok bool)

	Global(name string) uint64
	SetGlobal(name string, v uint64)
}

// Limits of what crosses the border. A set that a process is given is one
// value, so they are wider than those of a stored one.
const (
	argsMax   = 4 << 20 // bytes
	resultMax = 4 << 20
	wordsMax  = 1 << 10 // of an error's text
)

const pageSize = 64 << 10

// Why says what ended a call that gave no value.
type Why uint8

const (
	Refused   Why = iota // the function said so itself
	Fuel                 // it took more than it may
	Stack                // its calls went too deep
	Trapped              // it did what cannot be done, such as a division by zero
	Nonsense             // what it gave is no value
	Oversized            // what it is given, or gave, is too large
)

// A CallError is why a call gave no value. The same call fails the same way on
// every engine.
type CallError struct {
	Why  Why
	Text string
}

func (e *CallError) Error() string { return e.Text }

// Wiper is an Instance that can make all of its memory zero for less than it
// takes to write it.
type Wiper interface {
	Wipe() (ok bool)
}

// Snapshot is the state in which every call finds its instance.
type Snapshot struct {
	memory  []byte
	runs    []run // of memory, in which there is something
	globals []uint64
}

// run is a stretch of memory.
type run struct{ at, end uint32 }

const (
	blockSize = 4 << 10 // of memory, that has something in it or has not
	leftMax   = 8 << 20 // bytes of such blocks that a start may leave: every call begins with a copy
	wipeMin   = 1 << 20 // bytes of memory from which to wipe them is worth it
)

// Start makes a fresh instance ready: it runs what the module does at its
// start, with StartMax of fuel, and returns what every call is to find. It
// costs a copy of the memory. Errors are *CallError.
func (m *Module) Start(i Instance) (*Snapshot, error) {
	m.fill(i, StartMax)
	for _, name := range m.starts {
		if _, err := i.Call(name); err != nil {
			return nil, m.trap(i, "its start", err)
		}
	}
	s := &Snapshot{}
	memory, ok := i.Read(0, i.Size())
	if !ok {
		return nil, &CallError{Trapped, "its memory cannot be read"}
	}
	s.memory = append([]byte(nil), memory...)
	if s.find() > leftMax {
		return nil, &CallError{Oversized, "its start leaves more than 8 MiB in memory, which every call would begin with a copy of"}
	}
	for _, name := range m.Globals {
		s.globals = append(s.globals, i.Global(name))
	}
	return s, nil
}

// find finds the runs of the memory, and returns how much there is in them.
func (s *Snapshot) find() (size uint32) {
	for at := uint32(0); at < uint32(len(s.memory)); at += blockSize {
		if isZero(s.memory[at : at+blockSize]) {
			continue
		}
		size += blockSize
		if n := len(s.runs); n > 0 && s.runs[n-1].end == at {
			s.runs[n-1].end += blockSize
		} else {
			s.runs = append(s.runs, run{at, at + blockSize})
		}
	}
	return size
}

func isZero(block []byte) bool {
	for _, b := range block {
		if b != 0 {
			return false
		}
	}
	return true
}

// Reset brings an instance into the state of a snapshot, whether it is fresh
// or has run. It reports false where that cannot be, as its memory has grown:
// then another instance takes its place. It costs a copy of the memory, or of
// what there is in it where it is large and the instance a Wiper.
func (m *Module) Reset(i Instance, s *Snapshot) bool {
	size := uint32(len(s.memory))
	if i.Size() > size || i.Size() < size && !i.Grow((size-i.Size())/pageSize) || !s.restore(i) {
		return false
	}
	for j, name := range m.Globals {
		i.SetGlobal(name, s.globals[j])
	}
	return true
}

// restore makes the memory what it was.
func (s *Snapshot) restore(i Instance) (ok bool) {
	w, isWiper := i.(Wiper)
	if !isWiper || len(s.memory) < wipeMin || !w.Wipe() {
		return i.Write(0, s.memory)
	}
	for _, r := range s.runs {
		if !i.Write(r.at, s.memory[r.at:r.end]) {
			return false
		}
	}
	return true
}

// Call calls a function that the module offers, on an instance in the state of
// the snapshot. fuel is what it may spend, spent what it did. Errors are *CallError.
func (m *Module) Call(i Instance, name string, fuel int64, args []value.Value) (v value.Value, spent int64, err error) {
	given := arguments(args)
	if len(given) > argsMax {
		return value.Nil, 0, &CallError{Oversized, name + " is given more than 4 MiB"}
	}
	m.fill(i, fuel)
	v, err = m.call(i, name, given)
	return v, min(fuel, fuel-int64(i.Global(exportFuel))), err
}

// arguments encodes what a function is given.
func arguments(args []value.Value) []byte { return value.Append(nil, value.Tuple(args...)) }

func (m *Module) call(i Instance, name string, given []byte) (value.Value, error) {
	at, err := i.Call(exportAlloc, uint64(len(given)))
	if err != nil {
		return value.Nil, m.trap(i, name, err)
	}
	if !i.Write(uint32(at), given) {
		return value.Nil, &CallError{Nonsense, name + ": martinelli_alloc gave a place outside the memory"}
	}
	packed, err := i.Call(name, at, uint64(len(given)))
	if err != nil {
		return value.Nil, m.trap(i, name, err)
	}
	if uint32(packed) > resultMax {
		return value.Nil, &CallError{Oversized, name + " gave more than 4 MiB"}
	}
	given, ok := i.Read(uint32(packed>>32), uint32(packed))
	if !ok || len(given) == 0 {
		return value.Nil, &CallError{Nonsense, name + " gave a place outside its memory, or nothing"}
	}
	return result(name, given)
}

// Tags of a result.
const (
	tagValue = 0
	tagError = 1
)

// result reads what a function gave.
func result(name string, b []byte) (value.Value, error) {
	switch b[0] {
	case tagValue:
		v, err := decodeResult(b[1:])
		if err != nil {
			return value.Nil, &CallError{Nonsense, name + " gave what is no value: " + err.Error()}
		}
		return v, nil
	case tagError:
		text, err := value.EncodeBounded(value.String(string(b[1:min(len(b), wordsMax)])))
		if err != nil || text == "" {
			return value.Nil, &CallError{Refused, name + " refused, in words that are no text"}
		}
		return value.Nil, &CallError{Refused, name + ": " + string(b[1:min(len(b), wordsMax)])}
	}
	return value.Nil, &CallError{Nonsense, name + " gave a result with the unknown tag " + strconv.Itoa(int(b[0]))}
}

// tagList is the first byte of a list (docs/wire/value.md).
const tagList = 0x24

// decodeResult reads one value. The elements of a list are held to the limits
// of a value, the list only to resultMax.
func decodeResult(b []byte) (value.Value, error) {
	if len(b) == 0 || b[0] != tagList {
		return value.DecodeAll(string(b))
	}
	var elems []value.Value
	for b = b[1:]; len(b) > 0 && b[0] != 0; {
		v, rest, err := value.Decode(b)
		if err != nil {
			return value.Nil, err
		}
		elems, b = append(elems, v), rest
	}
	switch {
	case len(b) == 0:
		return value.Nil, value.ErrTruncated
	case len(b) > 1:
		return value.Nil, value.ErrTrailing
	}
	return value.List(elems...), nil
}

// fill gives an instance what a call may spend.
func (m *Module) fill(i Instance, fuel int64) {
	i.SetGlobal(exportFuel, uint64(fuel))
	i.SetGlobal(exportStack, StackMax)
}

// trap says why an instance stopped.
func (m *Module) trap(i Instance, name string, err error) error {
	switch {
	case int64(i.Global(exportFuel)) < 0:
		return &CallError{Fuel, name + " took more than its fuel"}
	case int64(i.Global(exportStack)) < 0:
		return &CallError{Stack, name + " called too deep"}
	}
	return &CallError{Trapped, name + " stopped: " + err.Error()}
}
