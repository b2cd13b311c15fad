package slim

import "bytes"

// The runtime can trace what it does (runtime/trace). Where nobody can ask for
// a trace, as runtime.StartTrace is not linked, what writes one is never called:
// each call stands behind traceEnabled or the ok of a traceLocker. It stays
// linked all the same, a fiftieth of a page.
var (
	tracing = [][]byte{
		[]byte("runtime.traceLocker."), []byte("runtime.traceWriter."), []byte("runtime.traceEventWriter."), []byte("runtime.traceAdvance"),
		[]byte("runtime.(*traceStackTable)."), []byte("runtime.(*traceStringTable)."), []byte("runtime.(*traceTypeTable)."),
		[]byte("runtime.(*traceMap)."), []byte("runtime.(*traceRegionAlloc)."), []byte("runtime.(*traceBuf)."),
	}
	startsTracing = [][]byte{[]byte("runtime.StartTrace"), []byte("runtime/trace.")}
	tracesAlways  = []byte("runtime.traceLocker.ok")
)

// trap is a body that ends the program, of a function that is never called.
var trap = []byte{0, opUnreachable, opEnd}

// idle tells which functions are never called, by their numbers. It leaves
// nothing of what the tables know of them.
func (t *tables) idle(list []record) (numbers map[uint64]bool, err error) {
	numbers = map[uint64]bool{}
	for i := range list {
		at := uint64(t.names) + uint64(list[i][recordName])
		if at >= uint64(t.perPC) {
			return nil, errTable
		}
		name, _, _ := bytes.Cut(t.b[at:t.perPC], []byte{0})
		if hasPrefix(name, startsTracing) {
			return nil, nil
		}
		if hasPrefix(name, tracing) && !bytes.Equal(name, tracesAlways) {
			numbers[uint64(i)] = true
		}
	}
	for i := range numbers {
		r := &list[i]
		r[recordStack], r[stackMapOf], r[argsMap], r[localsMap], r[objects], r[openDefers] = 0, 0, none, none, none, none
	}
	return numbers, nil
}

func hasPrefix(name []byte, prefixes [][]byte) bool {
	for _, p := range prefixes {
		if bytes.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
