package replica_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/replica/replicatest"
)

func author(i int) causal.ReplicaID { return replicatest.Author(i) }

// vouch vouches for parts whose hashes nobody will compare.
func vouch(parts ...*causal.Part) []causal.Vouched {
	var v replicatest.Voucher
	return v.Vouch(parts...)
}

func space(i int) causal.SpaceID {
	return causal.SpaceOf("test", strconv.Itoa(i))
}

// A commit with what its author's session had truly seen, as the test knows it.
type commit struct {
	parts []*causal.Part
	past  map[int]bool // by number of the commit; all of it, not only the maximal ones
}

// A history is what some replicas did together.
type history struct {
	commits []commit
	of      map[causal.Ref]int // the commit a part belongs to
	held    []uint             // per site, the spaces it holds, a bit each; none: every site holds all
	voucher replicatest.Voucher
}

// site is one replica of a history, with the sessions of its users.
type site struct {
	*replica.Replica
	id       causal.ReplicaID
	held     uint
	sessions []*session
}

type session struct {
	token []byte
	past  map[int]bool
}

// record runs a random history: sites commit in several spaces from several
// sessions, exchange what they have in random portions, and sessions move
// between sites.
func record(rnd *rand.Rand, sites, spaces, steps int, held ...uint) *history {
	h := &history{of: map[causal.Ref]int{}, held: held}
	all := make([]*site, sites)
	for i := range all {
		all[i] = &site{Replica: replica.New(replica.Config{}), id: author(i), held: 1<<spaces - 1}
		if held != nil {
			all[i].held = held[i]
			all[i].Replica = replica.New(h.config(held[i]))
		}
		for range 2 {
			all[i].sessions = append(all[i].sessions, &session{past: map[int]bool{}})
		}
	}
	for range steps {
		s := all[rnd.IntN(sites)]
		switch rnd.IntN(4) {
		case 0:
			from := all[rnd.IntN(sites)]
			s.Receive(0, h.voucher.Vouch(h.missing(s, rnd, from)...))
			s.Drain()
		case 1:
			other := all[rnd.IntN(sites)]
			a, b := rnd.IntN(2), rnd.IntN(2)
			s.sessions[a], other.sessions[b] = other.sessions[b], s.sessions[a]
		default:
			h.commit(rnd, s, spaces)
		}
	}
	return h
}

// config is that of a replica which holds some of the spaces.
func (h *history) config(held uint) replica.Config {
	return replica.Config{
		Holds: func(id causal.SpaceID) bool { return held&bit(id) != 0 },
		Covers: func(written, seen causal.SpaceID) bool {
			return !slices.ContainsFunc(h.held, func(other uint) bool {
				return (other&bit(written) != 0 || written == causal.SpaceID{}) && other&bit(seen) == 0
			})
		},
	}
}

// bit stands for a space.
func bit(id causal.SpaceID) uint {
	for n := range 8 {
		if id == space(n) {
			return 1 << n
		}
	}
	return 0
}

// missing returns parts that from has and s lacks, a random prefix of them.
func (h *history) missing(s *site, rnd *rand.Rand, from *site) []*causal.Part {
	var parts []*causal.Part
	for _, c := range h.commits {
		for _, p := range c.parts {
			if s.held&bit(p.Space) != 0 && from.Head(p.Space, p.Replica).Seq >= p.Seq && s.Head(p.Space, p.Replica).Seq < p.Seq {
				parts = append(parts, p)
			}
		}
	}
	return parts[:rnd.IntN(len(parts)+1)]
}

func (h *history) commit(rnd *rand.Rand, s *site, spaces int) {
	user := s.sessions[rnd.IntN(len(s.sessions))]
	seen, err := replica.DecodeSession(user.token)
	if err != nil {
		panic(err)
	}
	if !s.Covers(seen) {
		return
	}
	d := replica.Draft{Author: s.id, Stamp: causal.Stamp(len(h.commits) + 1), Seen: seen}
	past := map[int]bool{}
	join(past, user.past)
	touched := slices.DeleteFunc(rnd.Perm(spaces)[:1+rnd.IntN(spaces)], func(n int) bool { return s.held&(1<<n) == 0 })
	if len(touched) == 0 {
		return
	}
	var ids []causal.SpaceID
	for i, n := range touched {
		ids = append(ids, space(n))
		h.joinHeads(past, s.Heads(space(n)))
		if i > 0 && rnd.IntN(3) == 0 {
			d.Reads = append(d.Reads, space(n))
			continue
		}
		d.Writes = append(d.Writes, h.write(rnd, s, space(n)))
	}
	g := s.Commit(d)
	for _, p := range g.Parts {
		h.of[p.Ref()] = len(h.commits)
	}
	h.voucher.Learn(g.Parts, g.Hashes)
	h.commits = append(h.commits, commit{g.Parts, past})
	user.past = map[int]bool{len(h.commits) - 1: true}
	join(user.past, past)
	user.token = s.Advance(seen, ids...).AppendTo(nil)
}

// write adds an entry and, now and then, removes what the site holds.
func (h *history) write(rnd *rand.Rand, s *site, id causal.SpaceID) replica.Write {
	w := replica.Write{Space: id, Entries: []causal.Entry{{Database: "d", Key: "k", Value: strconv.Itoa(len(h.commits))}}}
	if rnd.IntN(2) == 0 {
		var live []causal.EntryID
		for in, e := range s.Entries() {
			if in == id {
				live = append(live, e.ID)
			}
		}
		slices.SortFunc(live, causal.EntryID.Compare)
		w.Removed = live[:rnd.IntN(len(live)+1)]
	}
	return w
}

func (h *history) joinHeads(past map[int]bool, heads []causal.Ref) {
	for _, ref := range heads {
		n := h.of[ref]
		past[n] = true
		join(past, h.commits[n].past)
	}
}

func join(into, from map[int]bool) {
	for n := range from {
		into[n] = true
	}
}

// shuffled returns all parts of the history in a random order, some twice.
func (h *history) shuffled(rnd *rand.Rand) []*causal.Part {
	var parts []*causal.Part
	for _, c := range h.commits {
		parts = append(parts, c.parts...)
		if rnd.IntN(4) == 0 {
			parts = append(parts, c.parts...)
		}
	}
	rnd.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return parts
}

// auditor watches what becomes visible, group by group.
type auditor struct {
	t       *testing.T
	h       *history
	visible map[int]bool
	isBlind bool // spaces are held that authors did not know to be held alone, so a cause may lack
	holds   func(causal.SpaceID) bool
}

func (a *auditor) watch(groups []replica.Group) {
	a.t.Helper()
	for _, g := range groups {
		now := map[int]int{}
		for _, p := range g.Parts {
			now[a.h.of[p.Ref()]]++
		}
		for n, parts := range now {
			if want := a.held(n); parts != want {
				a.t.Fatalf("commit %d: %d of its %d parts became visible", n, parts, want)
			}
			a.visible[n] = true
		}
		for n := range now {
			for cause := range a.h.commits[n].past {
				if a.held(cause) > 0 && !a.isBlind && !a.visible[cause] {
					a.t.Fatalf("commit %d is visible without its cause %d", n, cause)
				}
			}
		}
	}
}

// held counts the parts of a commit in spaces that are held.
func (a *auditor) held(n int) (parts int) {
	for _, p := range a.h.commits[n].parts {
		if a.holds(p.Space) {
			parts++
		}
	}
	return parts
}

// TestEveryOrder is promise 2 over random histories: in whatever order parts
// come, nobody sees an effect without its cause, nor half a commit, and
// everybody ends with the same chains.
func TestEveryOrder(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		spaces := 1 + rnd.IntN(4)
		h := record(rnd, 2+rnd.IntN(3), spaces, 60)
		var root causal.Hash
		for order := range 4 {
			isWhole := order < 3
			holds := func(id causal.SpaceID) bool { return isWhole || id == space(0) || id == space(1) }
			r := replica.New(replica.Config{Holds: holds})
			a := auditor{t, h, map[int]bool{}, !isWhole, holds}
			parts := h.shuffled(rnd)
			for len(parts) > 0 {
				n := 1 + rnd.IntN(len(parts))
				if order == 0 {
					n = 1
				}
				r.Receive(0, h.voucher.VouchParcels(transmit(t, parts[:n])...))
				parts = parts[n:]
				a.watch(r.Drain().Groups)
			}
			for n := range h.commits {
				if a.held(n) > 0 && !a.visible[n] {
					t.Fatalf("seed %d: commit %d never became visible", seed, n)
				}
			}
			if st := r.Status(); st.Pending != 0 || st.PendingBytes != 0 || st.Dropped != 0 || st.Forks != 0 {
				t.Fatalf("seed %d: %+v", seed, st)
			}
			if order > 0 && isWhole && r.Root() != root {
				t.Fatalf("seed %d: another order, another state", seed)
			}
			root = r.Root()
		}
	}
}

// transmit sends parts through a frame.
func transmit(t *testing.T, parts []*causal.Part) []causal.Parcel {
	t.Helper()
	got, err := replica.DecodeFrame(replica.AppendFrame(nil, replicatest.Parcels(parts...)))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestSmallCache lets parts fall out and asks for what is missing until all is
// there, as repair does.
func TestSmallCache(t *testing.T) {
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		h := record(rnd, 3, 3, 80)
		cfg := replica.Config{PendingMax: 1 + rnd.IntN(4), PendingBytesMax: 2000 + rnd.IntN(4000)}
		r := replica.New(cfg)
		a := auditor{t, h, map[int]bool{}, true, func(causal.SpaceID) bool { return true }}
		for round := 0; len(a.visible) < len(h.commits); round++ {
			if round > 200 {
				t.Fatalf("seed %d: %d of %d commits after %d rounds", seed, len(a.visible), len(h.commits), round)
			}
			parts := h.shuffled(rnd)
			for len(parts) > 0 {
				n := 1 + rnd.IntN(len(parts))
				r.Receive(0, h.voucher.Vouch(parts[:n]...))
				parts = parts[n:]
				a.watch(r.Drain().Groups)
				if err := replica.CheckPending(r); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				if st := r.Status(); st.PendingBytes > cfg.PendingBytesMax {
					t.Fatalf("seed %d: %d bytes wait", seed, st.PendingBytes)
				}
			}
		}
		if st := r.Status(); st.Pending != 0 {
			t.Fatalf("seed %d: %d parts still wait", seed, st.Pending)
		}
	}
}
