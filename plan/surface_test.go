package plan

import "testing"

// TestSurfaceGathersRecords: the fields of a record are one member, but for a
// record with a map in it; what the runtime keeps beside databases is none.
func TestSurfaceGathersRecords(t *testing.T) {
	key, sub := []Dim{{"k", String}}, []Dim{{"k", String}, {"n", Int}}
	flag := Type{Kind: KindFlag}
	p := &Program{Databases: []Database{
		{Name: "a.x", Lattice: flag, Dims: key}, {Name: "b", Lattice: flag}, {Name: "b@f", Lattice: flag},
		{Name: "c.y.z", Lattice: flag}, {Name: "c.y.w", Lattice: flag},
		{Name: "d.m", Lattice: flag, Dims: sub}, {Name: "d.x", Lattice: flag, Dims: key},
		{Name: "e.x", Lattice: flag, At: []string{"server"}},
	}}
	want := []string{
		"a { x: flag } { x: bool } 1", "b flag bool 0",
		"c { y: { w: flag, z: flag } } { y: { w: bool, z: bool } } 0", "d.m flag bool 2", "d.x flag bool 1",
	}
	got := p.Surface("client").Databases
	if len(got) != len(want) {
		t.Fatalf("%d members: %+v", len(got), got)
	}
	for i, m := range got {
		text := m.Name + " " + m.Lattice.String() + " " + m.Type.String() + " " + string(rune('0'+len(m.Keys)))
		if text != want[i] || !m.IsScalar {
			t.Errorf("got %s, want %s; it is a scalar: %v", text, want[i], m.IsScalar)
		}
	}
}
