package plan

// Mode says what a value does as its database learns more.
type Mode uint8

const (
	Constant  Mode = iota // K: it never changes
	Grows                 // M: what was observed stays true
	Falls                 // A: what was observed to be absent stays absent
	Tentative             // T: it may change in either direction
)

// Opposite is the mode of what falls where m grows, as the negation of a
// condition or the other side of a comparison.
func (m Mode) Opposite() Mode {
	switch m {
	case Grows:
		return Falls
	case Falls:
		return Grows
	}
	return m
}

// Effect says what a verb does to the value it is called on.
type Effect uint8

const (
	Neither    Effect = iota // as seal: it changes the rules, not the value
	Raises                   // the value grows
	Lowers                   // the value shrinks
	Overwrites               // the value becomes another
)

// Argument says what a verb takes.
type Argument uint8

const (
	NoArgument Argument = iota
	Element             // a value of the lattice's type argument
	Amount              // an int, 0 .. 2^31-1, or the run aborts :range
	Position            // a position, an int as Amount
	Placed              // a position and an element
	Stretch             // a position and an amount
)

// Values is how many values the verb takes.
func (a Argument) Values() int {
	switch a {
	case NoArgument:
		return 0
	case Placed, Stretch:
		return 2
	}
	return 1
}

// Verb is an update of a lattice.
type Verb struct {
	Name     string
	Argument Argument
	Effect   Effect
}

// Lattice is a row of the table that the compiler and the runtime share: what
// the language calls a lattice, and what can be done to it and asked of it.
type Lattice struct {
	Name      string
	Kind      Kind
	Params    int    // how many type arguments it takes
	Verbs     []Verb // in the order of the reference
	Readers   []string
	Mode      Mode
	Available bool // this version runs it
}

var collection = []string{"count", "each", "filter", "flat_map", "in", "intersection", "join", "map", "minus", "product", "union"}

// lattices is in the order of the reference. The table is a closed list: an
// untyped database gets the first available row whose verbs cover its uses,
// so smaller lattices stand before larger ones.
var lattices = []Lattice{
	{"gset", KindGSet, 1, []Verb{{"add", Element, Raises}}, collection, Grows, true},
	{"set", KindORSet, 1, []Verb{{"add", Element, Raises}, {"remove", Element, Lowers}}, collection, Tentative, true},
	{"gcounter", KindGCounter, 0, []Verb{{"inc", Amount, Raises}}, nil, Grows, true},
	{"counter", KindCounter, 0, []Verb{{"inc", Amount, Raises}, {"dec", Amount, Lowers}}, nil, Tentative, true},
	{"once", KindOnce, 0, []Verb{{"on", NoArgument, Raises}}, nil, Grows, true},
	{"mv", KindMV, 1, []Verb{{"set", Element, Overwrites}}, []string{"or"}, Tentative, true},
	{"lww", KindLWW, 1, []Verb{{"set", Element, Overwrites}}, []string{"or"}, Tentative, true},
	{"max", KindMax, 1, []Verb{{"set", Element, Raises}}, []string{"or"}, Grows, true},
	{"min", KindMin, 1, []Verb{{"set", Element, Lowers}}, []string{"or"}, Falls, true},
	{"flag", KindFlag, 0, []Verb{{"on", NoArgument, Raises}, {"off", NoArgument, Lowers}}, nil, Tentative, true},
	{"log", KindLog, 1, []Verb{{"append", Element, Raises}}, collection, Grows, true},
	{"rset", KindRSet, 1, []Verb{{"add", Element, Raises}, {"remove", Element, Lowers}}, collection, Tentative, true},
	{"text", KindText, 0, []Verb{{"insert", Placed, Overwrites}, {"delete", Stretch, Lowers}}, []string{"count"}, Tentative, false},
	{"seq", KindSeq, 1, []Verb{{"append", Element, Overwrites}, {"insert", Placed, Overwrites}, {"delete", Position, Lowers}}, []string{"count", "each", "filter", "flat_map", "map"}, Tentative, false},
	{"map", KindMapOf, 2, nil, nil, Tentative, false},
}

// Lattices returns the table. Nobody changes it.
func Lattices() []Lattice { return lattices }

// LatticeNamed returns the row of the language's name.
func LatticeNamed(name string) (Lattice, bool) {
	for _, l := range lattices {
		if l.Name == name {
			return l, true
		}
	}
	return Lattice{}, false
}

// LatticeOf returns the row of a kind.
func LatticeOf(k Kind) (Lattice, bool) {
	for i := range lattices { // only the one is copied, of eleven words
		if lattices[i].Kind == k {
			return lattices[i], true
		}
	}
	return Lattice{}, false
}

// LatticeWith returns the smallest lattice whose verbs cover the given ones.
// No verb at all gives "set", which has the verbs that are still to come.
func LatticeWith(verbs []string) (Lattice, bool) {
	if len(verbs) == 0 {
		return LatticeNamed("set")
	}
	for _, l := range lattices {
		if !l.isExplicit() && l.covers(verbs) {
			return l, true
		}
	}
	return Lattice{}, false
}

// isExplicit reports whether only a declaration gives a database this lattice.
func (l Lattice) isExplicit() bool { return l.Kind >= KindText }

func (l Lattice) covers(verbs []string) bool {
	for _, name := range verbs {
		if _, ok := l.Verb(name); !ok {
			return false
		}
	}
	return true
}

// Vanishes reports whether a key that had a value may have none again.
func (l Lattice) Vanishes() bool {
	switch l.Kind {
	case KindORSet, KindRSet, KindFlag, KindText, KindSeq, KindMapOf:
		return true
	}
	return false
}

// ordered reports whether the lattice joins values as it joins states: to the
// larger, or the smaller.
func (l Lattice) ordered() bool {
	return l.Kind == KindOnce || l.Kind == KindMax || l.Kind == KindMin
}

// Verb returns the lattice's verb of that name.
func (l Lattice) Verb(name string) (Verb, bool) {
	for _, v := range l.Verbs {
		if v.Name == name {
			return v, true
		}
	}
	return Verb{}, false
}

// Verbs returns the names of every verb of every lattice, each once. Nobody changes it.
func Verbs() []string { return verbs }

var verbs = everyVerb()

func everyVerb() []string {
	var names []string
	seen := map[string]bool{}
	for _, l := range lattices {
		for _, v := range l.Verbs {
			if !seen[v.Name] {
				seen[v.Name] = true
				names = append(names, v.Name)
			}
		}
	}
	return names
}

// IsLattice reports whether t names a lattice.
func (t Type) IsLattice() bool { return t.Kind >= KindGSet }

// Element returns the type argument of a lattice or collection, and any where
// it has none. What is put into a text are strings.
func (t Type) Element() Type {
	if t.Kind == KindText {
		return String
	}
	if len(t.Args) == 0 {
		return Any
	}
	return t.Args[0]
}

// Reading returns the type that one key of a database of lattice t reads as:
// a collection for sets, a string for a text, a list for a sequence, and
// another scalar otherwise. A register that may be unset is
// its type or nil.
func (t Type) Reading() Type {
	switch t.Kind {
	case KindGSet, KindORSet, KindRSet, KindLog:
		return SetOf(t.Element())
	case KindGCounter, KindCounter:
		return Int
	case KindOnce, KindFlag:
		return Bool
	case KindLWW, KindMV, KindMax, KindMin:
		return Maybe(t.Element())
	case KindText:
		return String
	case KindSeq:
		return Type{Kind: KindList, Args: []Type{t.Element()}}
	}
	return Any
}
