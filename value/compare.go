package value

import (
	"cmp"
	"strings"
)

// Compare orders values as their encodings are ordered by bytes: by kind, then
// numbers by size, texts by their bytes, compounds element by element with the
// shorter first. It allocates nothing.
func Compare(a, b Value) int {
	if a.kind != b.kind {
		return cmp.Compare(a.kind, b.kind)
	}
	switch a.kind {
	case KindFloat:
		return cmp.Compare(orderedBits(a.num), orderedBits(b.num))
	case KindString, KindSymbol:
		return strings.Compare(a.str, b.str)
	case KindList, KindTuple, KindRecord, KindObject:
		return compareElems(a.elems, b.elems)
	}
	return cmp.Compare(a.num, b.num)
}

func compareElems(a, b []Value) int {
	for i := range min(len(a), len(b)) {
		if c := Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// Equal reports whether a and b are the same value.
func Equal(a, b Value) bool { return Compare(a, b) == 0 }
