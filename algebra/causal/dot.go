package causal

import "cmp"

// Dot names one part of one replica in one space: its seq-th there, counted
// 1, 2, 3 without gaps. The space is understood from where the dot stands.
type Dot struct {
	Replica ReplicaID
	Seq     uint64
}

// EntryID names one entry: the part that added it and its offset in that part.
type EntryID struct {
	Dot
	Offset uint32
}

// Compare orders dots by replica, then seq.
func (d Dot) Compare(o Dot) int {
	return cmp.Or(d.Replica.Compare(o.Replica), cmp.Compare(d.Seq, o.Seq))
}

// Compare orders entry ids by dot, then offset.
func (e EntryID) Compare(o EntryID) int {
	return cmp.Or(e.Dot.Compare(o.Dot), cmp.Compare(e.Offset, o.Offset))
}

// Ref names a part from outside its space.
type Ref struct {
	Space SpaceID
	Dot
}

// Compare orders references by space, then dot.
func (r Ref) Compare(o Ref) int {
	return cmp.Or(r.Space.Compare(o.Space), r.Dot.Compare(o.Dot))
}
