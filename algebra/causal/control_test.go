package causal

import (
	"reflect"
	"testing"
)

func records() []Record {
	ref := Ref{SpaceID{1}, Dot{ReplicaID{2}, 3}}
	return []Record{
		&Registration{ReplicaID{1}, "ann", "client"},
		&Grant{ReplicaID{1}, "", []Scope{{"carts", "k"}, {"orders", ""}}},
		&Grant{ReplicaID{}, "bob", nil},
		&Cut{ReplicaID{1}, Ref{}, 7},
		&Cut{ReplicaID{}, ref, 0},
		&Final{12},
		&Checkpoint{12, Hash{1}, Hash{2}, Hash{3}, Signature{4}},
		&Retire{ReplicaID{1}, Head{7, Hash{1}}},
		&Proof{Key{[32]byte{1}, 2}, Head{7, Hash{1}}, [2]Branch{{[]Hash{{5}}, Signature{1}}, {[]Hash{{6}, {7}}, Signature{2}}}},
		&Standing{
			Trusted: []string{"server"},
			Rules: []Rule{
				{"ads", true, -1, false, nil}, {"carts", false, 1, false, nil}, {"guests", false, -1, true, []int{0, 2}},
			},
			Before: Vector{ReplicaID{1, 15: 1}: 1, ReplicaID{2, 15: 2}: 1 << 40},
		},
		&Revocation{ReplicaID{1}, [32]byte{2}, "ann", 1 << 40},
	}
}

func TestRecords(t *testing.T) {
	for _, rec := range records() {
		e := EntryOf(rec)
		got, err := RecordOf(&e)
		if err != nil || !reflect.DeepEqual(got, rec) {
			t.Errorf("%T: got %+v, %v, want %+v", rec, got, err, rec)
		}
		for cut := range len(e.Value) {
			short := Entry{e.Database, e.Key, e.Value[:cut]}
			if _, err := RecordOf(&short); err == nil {
				t.Errorf("%T cut at %d is read", rec, cut)
			}
		}
	}
}

// TestProofNeedsTwoBranches: two equal branches, two that begin alike or an
// empty one prove nothing.
func TestProofNeedsTwoBranches(t *testing.T) {
	fresh := func() *Proof { return records()[8].(*Proof) }
	if _, ok := fresh().Statements(SpaceID{1}); !ok {
		t.Error("two branches prove nothing")
	}
	for name, spoil := range map[string]func(*Proof){
		"equal": func(p *Proof) { p.Branches[1] = p.Branches[0] },
		"late":  func(p *Proof) { p.Branches[1].Headers = append([]Hash{{5}}, p.Branches[1].Headers...) },
		"empty": func(p *Proof) { p.Branches[1].Headers = nil },
	} {
		p := fresh()
		spoil(p)
		if _, ok := p.Statements(SpaceID{1}); ok {
			t.Errorf("%s branches prove a fork", name)
		}
	}
}

func FuzzRecord(f *testing.F) {
	for _, rec := range records() {
		e := EntryOf(rec)
		f.Add(e.Key, e.Value)
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		e := Entry{ControlDatabase, key, value}
		rec, err := RecordOf(&e)
		if err != nil {
			return
		}
		if again := EntryOf(rec); again != e {
			t.Errorf("%+v is not written as it was read", rec)
		}
	})
}
