package node_test

import (
	"strconv"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/value"
)

const manyRooms = `
database :notes, set<string>, :by => :room, :replicated => :room
database :board, set<string>, :replicated => true
database :told, counter

view :all do
  notes.count
end
on_note do |room: id, word: string| notes[:room].add(word) end
on_tell do |room: id|
  tentatively do
    if notes[:room].count > 0
      told.inc(1)
    end
  end
end
on_post do |word: string| board.add(word) end
on_sum do
  board.add("told")
  told.inc(1)
end
`

// TestBulk: who has seen many spaces names few parts, in a token as in a part,
// and is still not shown less elsewhere. What has been named once is not named
// again.
func TestBulk(t *testing.T) {
	const rooms, seenMax = 200, 20
	w := newWorld(t, manyRooms, 3)
	longest := 0
	for _, g := range w.guests {
		g.cfg.Limits.SeenMax = seenMax
		g.cfg.Observe = func(group []*causal.Part, _ []causal.Ref) {
			for _, p := range group {
				longest = max(longest, len(p.Seen))
			}
		}
		w.open(g)
	}
	w.linkAll()
	w.run(3 * causal.Second)
	home, lister, other := w.guests[0], w.guests[1], w.guests[2]
	for i := range rooms {
		w.raise(w.guests[i%3], node.RaiseRequest{Event: "note", Args: words("r"+strconv.Itoa(i), "hello")})
	}
	w.run(3 * causal.Second)

	token := w.read(lister, "all").Token
	session, err := replica.DecodeSession(token)
	if err != nil || len(session) > seenMax+17 {
		t.Fatalf("who lists %d rooms holds %d references, %v", rooms, len(session), err)
	}
	w.cut(other)
	for i := range 5 {
		w.raise(lister, node.RaiseRequest{Event: "note", Args: words("r"+strconv.Itoa(i), "news")})
	}
	merges := w.merges()
	token = w.read(lister, "all").Token
	if got := w.raise(other, node.RaiseRequest{Event: "post", Args: words("x"), Session: token}); got.Abort != node.AbortBehind {
		t.Errorf("who lacks what the token's bearer has seen answers %+v", got)
	}
	if after := w.merges(); after[1] != merges[1] {
		t.Errorf("five news of %d rooms take %d parts more", rooms, after[1]-merges[1])
	}
	w.mustLink(other, home)
	w.mustLink(other, lister)
	w.run(3 * causal.Second)
	if got := w.raise(other, node.RaiseRequest{Event: "post", Args: words("x"), Session: token}); !got.Committed {
		t.Errorf("who has caught up answers %+v", got)
	}

	for i := range rooms {
		w.raise(home, node.RaiseRequest{Event: "tell", Args: words("r" + strconv.Itoa(i))})
	}
	got := w.raise(home, node.RaiseRequest{Event: "sum"})
	if session, err := replica.DecodeSession(got.Token); !got.Committed || err != nil || len(session) > seenMax+17 {
		t.Errorf("the home, told by %d rooms, gives a token of %d references, %v", rooms, len(session), err)
	}
	w.run(3 * causal.Second)
	if longest > 2*seenMax+17 {
		t.Errorf("a part names %d others", longest)
	}
	for _, g := range w.guests {
		if st := g.Status(); st.Replica.Pending > 0 || st.Counts.Late > 0 {
			t.Errorf("%s: %d parts wait, %d were late", g.cfg.Name, st.Replica.Pending, st.Counts.Late)
		}
	}
}

func words(list ...string) (args []value.Value) {
	for _, s := range list {
		args = append(args, text(s))
	}
	return args
}
