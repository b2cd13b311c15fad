package node_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

const album = `
database :photos, gset<string>, :by => :user_id, :at => :server
database :diary, set<string>, :replicated => :user_id
at :server do
  on_photo do |user_id, photo: string|
    photos[:user_id].add(photo)
    notify(user_id, photo)
  end
end
at :client do
  on_photo do |photo: string|
    diary[:user_id].add(photo)
    if photo == ""
      abort :empty
    end
    upload(user_id, photo)
  end
  process do
    notify(user_id, diary.count)
  end
end
`

func photo(name string) node.RaiseRequest {
	return node.RaiseRequest{Event: "photo", Args: []value.Value{value.String(name)}}
}

// TestUpload: an event raised with the home away runs there once, in whatever
// order the nodes are killed, and one that aborts uploads nothing.
func TestUpload(t *testing.T) {
	w := newClub(t, album, "ann")
	server, ann := w.guests[0], w.guests[1]
	if a := w.raise(ann, photo("")); a.Abort != "empty" || len(ann.Outbox()) != 0 {
		t.Fatalf("what aborts: %+v, and %d items", a, len(ann.Outbox()))
	}
	for _, name := range []string{"sea", "hut"} {
		if a := w.raise(ann, photo(name)); !a.Committed {
			t.Fatalf("with the home away: %+v", a)
		}
	}
	ann.disk.Crash(0)
	w.open(ann)
	if list := ann.Outbox(); len(list) != 2 || list[0].Event != "photo" || list[0].User != "ann" {
		t.Fatalf("after a restart the outbox is %+v", list)
	}
	for range 2 {
		w.linkAll()
		w.run(5 * causal.Second)
		for _, g := range w.guests {
			w.cut(g)
			g.disk.Crash(0)
			w.open(g)
		}
	}
	r := w.read(server, "photos", value.String("ann")).Reading
	if r == nil || len(r.Value.Elems()) != 2 {
		t.Fatalf("at the home: %+v", r)
	}
	if list := ann.Outbox(); len(list) != 2 || !list[0].Committed || !list[1].Committed {
		t.Errorf("what came of them is %+v", list)
	}
	if n := len(server.notices); n != 2 || server.notices[0].Key.AsString() != "ann" {
		t.Errorf("the home told %d notices", n)
	}
	if n := len(ann.notices); n == 0 || ann.notices[n-1].Value.AsInt() != 2 {
		t.Errorf("ann's process told %+v", ann.notices)
	}
}

// TestUploadsBeyondTheOutbox: a run that uploads more than may wait does nothing at all.
func TestUploadsBeyondTheOutbox(t *testing.T) {
	w := newClub(t, album, "ann")
	ann := w.guests[1]
	ann.cfg.Limits.OutboxMax = 1
	ann.disk.Crash(0)
	w.open(ann)
	first, second := photo("sea"), photo("hut")
	first.Stream, first.Seq = "camera", 1
	second.Stream, second.Seq = "camera", 2
	if a := w.raise(ann, first); !a.Committed {
		t.Fatalf("%+v", a)
	}
	if a := w.raise(ann, second); a.Abort != node.AbortBusy || !a.IsOpen() {
		t.Fatalf("beyond the bound: %+v", a)
	}
	if r := w.read(ann, "diary", value.String("ann")).Reading; len(r.Value.Elems()) != 1 {
		t.Errorf("the diary is %v", r.Value)
	}
	w.linkAll()
	w.run(5 * causal.Second)
	if a := w.raise(ann, second); !a.Committed {
		t.Errorf("once there is room: %+v", a)
	}
}
