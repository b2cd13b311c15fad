package node_test

import (
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/value"
)

// ghost is an author of whom only some parts are left.
type ghost struct {
	key    causal.Key
	hasher causal.Hasher
	ends   map[causal.SpaceID]causal.Head
}

func newGhost(b byte) *ghost {
	return &ghost{key: causal.Key{Public: [32]byte{b}, Incarnation: 1}, ends: map[causal.SpaceID]causal.Head{}}
}

// spaceOf is the handle of a space of these tests.
func spaceOf(name string) causal.SpaceID { return causal.SpaceOf("test", name) }

// next names the ghost's next part in a space.
func (g *ghost) next(space string) causal.Ref {
	return causal.Chain{Space: spaceOf(space), Replica: g.key.ID()}.At(g.ends[spaceOf(space)].Seq + 1)
}

// write makes the ghost's next part in a space: it adds a word.
func (g *ghost) write(space, word string, siblings ...causal.Ref) causal.Parcel {
	ref := g.next(space)
	p := &causal.Part{
		Space: ref.Space, Replica: ref.Replica, Seq: ref.Seq, Stamp: causal.StampAt(epoch), Siblings: siblings,
		Entries: []causal.Entry{{Database: "words", Value: value.Encode(value.String(word))}},
	}
	end := causal.Head{Seq: ref.Seq, Hash: g.hasher.Chain(g.ends[ref.Space].Hash, p)}
	g.ends[ref.Space] = end
	parcel := causal.Parcel{Parts: []*causal.Part{p}, Seal: causal.Seal{Seq: ref.Seq, Signature: sign(ref.Replica, causal.SealStatement(p.Chain(), end))}}
	if ref.Seq == 1 {
		parcel.Key = &g.key
	}
	return parcel
}

func (w *world) words(g *guest) (list []string) {
	w.t.Helper()
	for _, v := range w.read(g, "words").Reading.Value.Elems() {
		list = append(list, v.AsString())
	}
	return list
}

// TestHistory2SiblingNeverArrives: a commit in two spaces, of which one part
// never comes: its author died, nobody may read it, or its space does not
// exist. No node waits for ever, all end alike, and the part is marked.
func TestHistory2SiblingNeverArrives(t *testing.T) {
	for _, why := range []string{"room=of the dead", "room=locked", "nowhere"} {
		w := newWorld(t, wordsProgram, 3)
		w.linkAll()
		w.run(3 * causal.Second)
		author := newGhost(77)
		w.push(w.guests[1], w.guests[2], []causal.Parcel{author.write(plan.SharedSpace, "half", author.next(why))}, 1)
		w.run(causal.Second)
		if got := w.words(w.guests[1]); len(got) > 0 {
			t.Errorf("%s: %v is shown at once", why, got)
		}
		w.run(10 * causal.Second)
		for _, g := range w.guests {
			st := g.Status()
			isTold := slices.ContainsFunc(g.events, func(e node.Event) bool { return e.Kind == node.EventLate })
			if got := w.words(g); !slices.Equal(got, []string{"half"}) || st.Counts.Late != 1 || st.Replica.Missing != 1 || !isTold {
				t.Errorf("%s: %s shows %v, late %d, missing %d, told %v", why, g.cfg.Name, got, st.Counts.Late, st.Replica.Missing, isTold)
			}
		}
		if got := w.raise(w.guests[2], node.RaiseRequest{Event: "say", Args: []value.Value{text("on")}}); !got.Committed {
			t.Errorf("%s: after it: %+v", why, got)
		}

		late := w.guests[1] // its log holds a part without its cause
		w.cut(late)
		late.disk.Crash(0)
		w.open(late)
		if got := w.words(late); !slices.Contains(got, "half") || late.Status().Replica.Missing != 1 {
			t.Errorf("%s: after a restart %v is shown, and %d are missing", why, got, late.Status().Replica.Missing)
		}
		late.Close(w.now) // and now from what was flushed
		for w.deliver() {
		}
		w.open(late)
		if n := late.Status().Replica.Missing; n != 1 {
			t.Errorf("%s: after a flush and a restart %d are missing", why, n)
		}
		w.linkAll()
		w.run(3 * causal.Second)
		for _, g := range w.guests {
			if got := w.words(g); !slices.Equal(got, []string{"half", "on"}) {
				t.Errorf("%s: %s shows %v in the end", why, g.cfg.Name, got)
			}
		}
	}
}

// TestWhatWasMissingComes: the piece that a late part lacked comes later, and
// is shown alone.
func TestWhatWasMissingComes(t *testing.T) {
	w := newWorld(t, wordsProgram, 2)
	w.linkAll()
	w.run(3 * causal.Second)
	author := newGhost(77)
	here, there := author.next(plan.SharedSpace), author.next("room=r")
	w.push(w.guests[0], w.guests[1], []causal.Parcel{author.write(plan.SharedSpace, "half", there)}, 1)
	w.run(10 * causal.Second)
	w.push(w.guests[0], w.guests[1], []causal.Parcel{author.write("room=r", "other half", here)}, 1)
	w.run(3 * causal.Second)
	for _, g := range w.guests {
		if got := w.words(g); len(got) != 2 || g.Status().Replica.Missing != 0 {
			t.Errorf("%s shows %v, and %d are missing", g.cfg.Name, got, g.Status().Replica.Missing)
		}
	}
}

// TestAloneNothingIsLate: a node without neighbours waits. It gives up what is
// missing once it has asked the first it finds.
func TestAloneNothingIsLate(t *testing.T) {
	w := newWorld(t, wordsProgram, 2)
	w.linkAll()
	w.run(3 * causal.Second)
	a, b := w.guests[0], w.guests[1]
	author := newGhost(77)
	w.push(a, b, []causal.Parcel{author.write(plan.SharedSpace, "half", author.next("nowhere"))}, 1)
	w.cut(a)
	w.run(60 * causal.Second)
	if got := w.words(a); len(got) > 0 {
		t.Fatalf("alone it shows %v", got)
	}
	w.linkAll()
	w.run(3 * causal.Second)
	if got := w.words(a); len(got) != 1 {
		t.Errorf("it has asked, and shows %v", got)
	}
}

// TestSessionOfAMissingPiece: who has seen the missing piece elsewhere is told
// that this node is behind, after a while; who has seen what is here, and has
// its token from here, is served.
func TestSessionOfAMissingPiece(t *testing.T) {
	w := newWorld(t, wordsProgram, 2)
	w.linkAll()
	w.run(3 * causal.Second)
	a := w.guests[0]
	author := newGhost(77)
	missing := author.next("nowhere")
	w.push(a, w.guests[1], []causal.Parcel{author.write(plan.SharedSpace, "half", missing)}, 1)
	w.run(10 * causal.Second)
	token := w.read(a, "words").Token
	if got := w.raise(a, node.RaiseRequest{Event: "say", Args: []value.Value{text("x")}, Session: token}); !got.Committed {
		t.Errorf("with a token of this node: %+v", got)
	}
	token = replica.Session{missing}.AppendTo(nil)
	if got := w.raise(a, node.RaiseRequest{Event: "say", Args: []value.Value{text("y")}, Session: token}); got.Abort != node.AbortBehind {
		t.Errorf("with a token of the missing piece: %+v", got)
	}
}

// TestSpaceNotHeld: what a part names of the home's space is nothing to nodes
// that do not hold it: they show the part at once. The home waits, and gives
// up like all.
func TestSpaceNotHeld(t *testing.T) {
	w := newWorld(t, wordsProgram, 3)
	w.linkAll()
	w.run(3 * causal.Second)
	author := newGhost(77)
	w.push(w.guests[1], w.guests[2], []causal.Parcel{author.write(plan.SharedSpace, "half", author.next(plan.HomeSpace))}, 1)
	if got := w.words(w.guests[1]); len(got) != 1 || w.guests[1].Status().Counts.Late != 0 {
		t.Errorf("who does not hold the space shows %v, late %d", got, w.guests[1].Status().Counts.Late)
	}
	w.run(10 * causal.Second)
	if st := w.guests[0].Status(); len(w.words(w.guests[0])) != 1 || st.Counts.Late != 1 {
		t.Errorf("the home shows %v, late %d", w.words(w.guests[0]), st.Counts.Late)
	}
}

// TestLateAfter: the topology says how long a part waits; where it does not it
// waits two periods of repair. In neither case longer than it takes to ask.
func TestLateAfter(t *testing.T) {
	topology := "role :server\nlink :server, :server, :every => \"500ms\", :late_after => \"6s\"\nlink :server, :server, :late_after => \"2s\""
	for _, c := range []struct {
		topology string
		after    causal.Instant
	}{{topology, 6 * causal.Second}, {"role :server\nlink :server, :server, :every => \"500ms\"", causal.Second}, {"", 2 * causal.Second}} {
		w := newWorld(t, wordsProgram, 1)
		w.guests = nil
		program, notes := lang.Compile([]lang.Source{{Name: "test.mrt", Text: wordsProgram}}, topologyOf(c.topology))
		if program == nil {
			t.Fatal(notes)
		}
		w.add(program, 2)
		w.linkAll()
		w.run(3 * causal.Second)
		author := newGhost(77)
		w.push(w.guests[0], w.guests[1], []causal.Parcel{author.write(plan.SharedSpace, "half", author.next("nowhere"))}, 1)
		w.run(c.after - causal.Millisecond)
		if got := w.words(w.guests[0]); len(got) > 0 {
			t.Errorf("%q: it is shown before its time", c.topology)
		}
		w.run(2 * causal.Second)
		if got := w.words(w.guests[0]); len(got) != 1 {
			t.Errorf("%q: it is not shown after its time", c.topology)
		}
	}
}

func topologyOf(text string) *lang.Source {
	if text == "" {
		return nil
	}
	return &lang.Source{Name: "test.topology", Text: text}
}
