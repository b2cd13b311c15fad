package diag

import (
	"slices"
	"strings"
)

// Code is the stable name of a kind of letter: "E" or "W" and three digits.
// The first digit is the family: E0 syntax; E1 names and dimensions; E2 settled
// and tentative; E3 invariants and repairs; E4 transactions and topology; E5
// schema and types; E6 imports; E7 access. W-codes are warnings.
type Code string

// Entry describes a code.
type Entry struct {
	Code  Code
	Title string // one line, for lists and for explain
}

// Lookup returns what is known of a code.
func Lookup(code Code) (Entry, bool) {
	i, ok := slices.BinarySearchFunc(registry, code, func(e Entry, c Code) int {
		return strings.Compare(string(e.Code), string(c))
	})
	if !ok {
		return Entry{}, false
	}
	return registry[i], true
}

// Codes lists every code, ascending.
func Codes() []Entry { return slices.Clone(registry) }

// registry holds every code the compiler writes, ascending. Codes are never
// reused: programs' documentation and search engines remember them.
var registry = []Entry{}
