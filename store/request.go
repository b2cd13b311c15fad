package store

import "github.com/martinelli-lang/martinelli/wire"

// PutRequest keeps what the node knows of its serial request of that number.
func (s *Store) PutRequest(no uint64, value []byte) {
	s.ops = append(s.ops, Op{Key: appendOrdered([]byte{kindRequest}, no), Value: value})
}

// DeleteRequest forgets it.
func (s *Store) DeleteRequest(no uint64) {
	s.ops = append(s.ops, Op{Key: appendOrdered([]byte{kindRequest}, no), Delete: true})
}

func (s *Store) restoreRequests(v Visitor) error {
	return s.scanKind(kindRequest, func(key, value *wire.Reader) {
		no := readOrdered(key)
		record := value.Raw(value.Len())
		if key.Err() == nil && v.Request != nil {
			v.Request(no, append([]byte(nil), record...))
		}
	})
}
