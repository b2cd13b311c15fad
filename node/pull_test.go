package node_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// The slides of version 1, as they are.
const slidesClient = `
database :photos
on_photo do |photo|
  upload(user_id, photo)
end

database :recs
process do
  refresh(user_id)
end
process do
  render(recs)
end
`

const slidesServer = `
database :photos
on_photo do |user_id, photo|
  photos[:user_id].add(photo)
end

database :recs
database :favorites
process do |user_id in users|
  classify(photos[:user_id], favorites[:user_id])
end
process do |user_id in users|
  recommend(favorites[:user_id], recs[:user_id])
end
`

// prefixed is a function of the host that says something of each element.
func prefixed(text string) flow.Func {
	return func(args []value.Value) (value.Value, error) {
		var out []value.Value
		for _, v := range args[0].Elems() {
			out = append(out, value.String(text+v.AsString()))
		}
		return value.List(out...), nil
	}
}

func compiledFiles(t *testing.T, files ...lang.Source) *plan.Program {
	t.Helper()
	program, notes := lang.Compile(files, nil)
	if program == nil {
		for _, d := range notes {
			t.Error(diag.Renderer{}.Letter(d))
		}
		t.FailNow()
	}
	return program
}

// newSlides opens the server and nodes of users, with the functions that the
// server links.
func newSlides(t *testing.T, users ...string) *world {
	t.Helper()
	program := compiledFiles(t, lang.Source{Name: "client.mrt", Text: slidesClient}, lang.Source{Name: "server.mrt", Text: slidesServer})
	w := &world{t: t, now: epoch}
	w.add(program, 1+len(users))
	for i, g := range w.guests {
		if i > 0 {
			g.cfg.Role, g.cfg.User, g.cfg.Name = "client", users[i-1], users[i-1]
		}
		g.cfg.Funcs = map[string]flow.Func{"classify": prefixed("wine of "), "recommend": prefixed("like ")}
		g.disk.Crash(0)
		w.open(g)
	}
	return w
}

// lastRender is what a process at the node showed last.
func (g *guest) lastRender(name string) (node.Shown, bool) {
	for i := len(g.shown) - 1; i >= 0; i-- {
		if s := g.shown[i]; s.Render && s.Name == name {
			return s, true
		}
	}
	return node.Shown{}, false
}

// TestSlidesOfVersion1: a photo taken at a client is classified at the server,
// and what is recommended is rendered at that client alone.
func TestSlidesOfVersion1(t *testing.T) {
	w := newSlides(t, "ann", "ben")
	server, ann, ben := w.guests[0], w.guests[1], w.guests[2]
	if a := w.raise(ann, photo("sea")); !a.Committed {
		t.Fatalf("before a link: %+v", a)
	}
	w.linkAll()
	w.run(8 * causal.Second)
	if r := w.read(server, "recs", value.String("ann")).Reading; r == nil || len(r.Value.Elems()) != 1 {
		t.Fatalf("the server recommends %+v", r)
	}
	s, ok := ann.lastRender("recs")
	if !ok || len(s.Added) != 1 || s.Added[0].AsString() != "like wine of sea" || s.Settled {
		t.Fatalf("ann is shown %+v", s)
	}
	if s.AsOf < epoch || s.AsOf > w.now {
		t.Errorf("as of %d, now %d", s.AsOf, w.now)
	}
	if s, ok := ben.lastRender("recs"); ok {
		t.Errorf("ben is shown %+v", s)
	}

	// The home goes away: the copy stays as it was, and can be read. After a
	// restart it is empty until the home has answered.
	w.cut(server)
	w.run(5 * causal.Second)
	if r := w.read(ann, "recs", value.String("ann")).Reading; r == nil || len(r.Value.Elems()) != 1 {
		t.Errorf("with the home away ann reads %+v", r)
	}
	ann.disk.Crash(0)
	w.open(ann)
	if r := w.read(ann, "recs", value.String("ann")).Reading; r == nil || len(r.Value.Elems()) != 0 {
		t.Errorf("after a restart ann reads %+v", r)
	}
	w.linkAll()
	w.raise(ann, photo("hut"))
	w.run(8 * causal.Second)
	if r := w.read(ann, "recs", value.String("ann")).Reading; r == nil || len(r.Value.Elems()) != 2 {
		t.Errorf("with the home back ann reads %+v", r)
	}
}
