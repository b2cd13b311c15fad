package slim

import (
	"bytes"
	"slices"
)

// The runtime reads a name where it is not tracing: it tells its own goroutines
// from a program's by the front of it (runtime/traceback.go,
// isSystemGoroutine), and finds what two stubs of reflect were called with by
// the whole (runtime/stkframe.go, argMapInternal).
var (
	ours  = []byte("runtime.")
	stubs = [][]byte{[]byte("reflect.makeFuncStub"), []byte("reflect.methodValueCall")}
)

// rename gives all functions of the runtime one name, the stubs their own and
// all others none. It returns all names.
func (t *tables) rename(list []record) (names []byte, err error) {
	was := t.b[t.names:t.perPC]
	names = []byte{0}
	at := map[string]uint32{"": 0}
	for i := range list {
		r := &list[i]
		if uint64(r[recordName]) >= uint64(len(was)) {
			return nil, errTable
		}
		name := kept(was[r[recordName]:])
		if _, ok := at[string(name)]; !ok {
			at[string(name)] = uint32(len(names))
			names = append(append(names, name...), 0)
		}
		r[recordName] = at[string(name)]
	}
	return names, nil
}

// kept returns what is kept of the name at the front of names.
func kept(names []byte) []byte {
	name, _, _ := bytes.Cut(names, []byte{0})
	if bytes.HasPrefix(name, ours) {
		return ours
	}
	if slices.ContainsFunc(stubs, func(stub []byte) bool { return bytes.Equal(name, stub) }) {
		return name
	}
	return nil
}
