package trusttest

import (
	"math/rand/v2"
	"reflect"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/wire"
)

// Forger is an admitted member who has seen all that the authors wrote, and
// can't sign as any of them.
type Forger struct {
	Rnd     *rand.Rand
	Authors []*Author               // at least two; each wrote more than those who are lied to will know
	Known   map[causal.Chain]uint64 // so many parts of each chain, at least two, have reached those who are lied to
	Others  []causal.Key            // who did not write these chains: those who are lied to, their home
	Spaces  []causal.SpaceID        // that no author wrote into
	Secret  *Author                 // what the forger signs with
}

// Forgery is a frame with at least one lie in it.
type Forgery struct {
	Kind  string
	Frame []byte
	Parts int // that are lied about, or replayed
}

// Next returns a lie: a parcel that is none of its author's, or an old one
// again, or a frame that can't be read. One frame in four has several parcels,
// in any order; some are seals that were swapped.
func (f *Forger) Next() Forgery {
	a := f.Authors[f.Rnd.IntN(len(f.Authors))]
	switch n := f.Rnd.IntN(4 * len(kinds)); {
	case n < 2:
		return f.replay(a)
	case n < 4:
		return f.swapped(a)
	case n < 8:
		return f.damaged(a)
	default:
		return f.lie(a, kinds[n%len(kinds)])
	}
}

func (f *Forger) lie(a *Author, k kind) Forgery {
	p := f.parcel(a)
	k.lie(f, a, &p)
	out := Forgery{Kind: k.name, Parts: len(p.Parts)}
	parcels := []causal.Parcel{p}
	if f.Rnd.IntN(4) == 0 {
		for range 1 + f.Rnd.IntN(3) {
			old := f.old(a)
			out.Parts += len(old.Parts)
			parcels = append(parcels, old)
		}
		f.Rnd.Shuffle(len(parcels), func(i, j int) { parcels[i], parcels[j] = parcels[j], parcels[i] })
	}
	out.Frame = frame(parcels)
	return out
}

func (f *Forger) replay(a *Author) Forgery {
	p := f.old(a)
	return Forgery{Kind: "a replay", Frame: frame([]causal.Parcel{p}), Parts: len(p.Parts)}
}

// swapped is two parcels in a row, each with the seal of the other.
func (f *Forger) swapped(a *Author) Forgery {
	first := f.Known[a.Chain] + 1
	p, q := a.Parcel(first, first+4), a.Parcel(first+5, first+9)
	p.Seal.Signature, q.Seal.Signature = q.Seal.Signature, p.Seal.Signature
	return Forgery{Kind: "seals swapped", Frame: frame([]causal.Parcel{p, q}), Parts: 10}
}

// damaged is a frame of which some bits were turned, or that was cut, or that
// announces more than its bytes hold.
func (f *Forger) damaged(a *Author) Forgery {
	p := f.parcel(a)
	out := Forgery{Parts: len(p.Parts)}
	switch f.Rnd.IntN(3) {
	case 0:
		out.Kind, out.Frame = "turned bits", turned(f.Rnd, frame([]causal.Parcel{p}))
	case 1:
		whole := frame([]causal.Parcel{p})
		out.Kind, out.Frame = "a frame cut", whole[:1+f.Rnd.IntN(len(whole)-1)]
	default:
		out.Kind, out.Frame = "giant counts", giant(f.Rnd, &p)
	}
	return out
}

// IsTrue reports whether one of the authors wrote a part.
func (f *Forger) IsTrue(p *causal.Part) bool {
	for _, a := range f.Authors {
		if p.Chain() == a.Chain && p.Seq <= uint64(len(a.Parts)) {
			return reflect.DeepEqual(p, a.Parts[p.Seq-1])
		}
	}
	return false
}

// parcel returns a true parcel: what comes next, what was sent before, or what
// comes later.
func (f *Forger) parcel(a *Author) causal.Parcel {
	all, first := uint64(len(a.Parts)), f.Known[a.Chain]+1
	switch f.Rnd.IntN(4) {
	case 0:
		return f.old(a)
	case 1:
		first += f.Rnd.Uint64N(all - first - lieMax)
	}
	return a.Parcel(first, first+f.Rnd.Uint64N(lieMax))
}

// lieMax is how many parts a lie is about, at most.
const lieMax = 12

// old returns a true parcel that was sent before.
func (f *Forger) old(a *Author) causal.Parcel {
	known := f.Known[a.Chain]
	first := 1 + f.Rnd.Uint64N(known)
	return a.Parcel(first, first+f.Rnd.Uint64N(min(lieMax, known-first+1)))
}

func (f *Forger) other(a *Author) *Author {
	for {
		if o := f.Authors[f.Rnd.IntN(len(f.Authors))]; o != a {
			return o
		}
	}
}

func frame(parcels []causal.Parcel) []byte { return replica.AppendFrame(nil, parcels) }

// turned turns a few bits of a frame.
func turned(rnd *rand.Rand, frame []byte) []byte {
	for range 1 + rnd.IntN(3) {
		frame[rnd.IntN(len(frame))] ^= 1 << rnd.IntN(8)
	}
	return frame
}

// giant writes a frame that announces far more than it has.
func giant(rnd *rand.Rand, p *causal.Parcel) []byte {
	c := p.Chain()
	b := append([]byte{0, 0}, c.Space[:]...)
	b = append(append(b, 0), c.Replica[:]...)
	b = wire.AppendVarint(b, int64(p.First()))
	b = wire.AppendUvarint(b, rnd.Uint64()>>rnd.IntN(60)<<1)
	return append(b, make([]byte, rnd.IntN(2000))...)
}
