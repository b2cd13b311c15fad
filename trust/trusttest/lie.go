package trusttest

import (
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// This file is the list of the lies: about the seal, about each field of a
// part, about which parts there are, and about whose they are. No line of it
// verifies anything: a lie is one because of how it is made.

// kind is a way to lie. It is handed a parcel that is true, and may spoil it.
type kind struct {
	name string
	lie  func(f *Forger, a *Author, p *causal.Parcel)
}

var kinds = slices.Concat(aboutSeals, aboutFields, aboutParts, aboutAuthors)

var aboutSeals = []kind{
	{"bits of the seal", func(f *Forger, _ *Author, p *causal.Parcel) { p.Seal.Signature[f.Rnd.IntN(64)] ^= 1 << f.Rnd.IntN(8) }},
	{"no seal", func(_ *Forger, _ *Author, p *causal.Parcel) { p.Seal.Signature = causal.Signature{} }},
	{"a seal of another chain", func(f *Forger, a *Author, p *causal.Parcel) {
		p.Seal.Signature = f.other(a).Parcel(p.First(), p.Last()).Seal.Signature
	}},
	{"a seal of another space", func(_ *Forger, a *Author, p *causal.Parcel) {
		elsewhere := a.Chain
		elsewhere.Space[0]++
		p.Seal.Signature = a.Sign(elsewhere, causal.Head{Seq: p.Last(), Hash: a.Hashes[p.Last()-1]})
	}},
	{"a seal of another seq", func(_ *Forger, a *Author, p *causal.Parcel) {
		p.Seal.Signature = a.Sign(a.Chain, causal.Head{Seq: p.Last() + 1, Hash: a.Hashes[p.Last()-1]})
	}},
	{"a seal over another part", func(f *Forger, a *Author, p *causal.Parcel) {
		last := p.Last() - 1 + 2*f.Rnd.Uint64N(2)
		if last == 0 || last > uint64(len(a.Parts)) {
			last = uint64(len(a.Parts)) / 2
		}
		p.Seal.Signature = a.Parcel(last, last).Seal.Signature
	}},
	{"the forger's own signature", func(f *Forger, a *Author, p *causal.Parcel) {
		p.Seal.Signature = f.Secret.Sign(a.Chain, causal.Head{Seq: p.Last(), Hash: a.Hashes[p.Last()-1]})
	}},
}

var aboutFields = []kind{
	{"another value", field(func(_ *Forger, _ *Author, p *causal.Part) { p.Entries[0].Value += "!" })},
	{"another key", field(func(_ *Forger, _ *Author, p *causal.Part) { p.Entries[0].Key += "k" })},
	{"another database", field(func(_ *Forger, _ *Author, p *causal.Part) { p.Entries[0].Database = "hits" })},
	{"an entry more", field(func(_ *Forger, _ *Author, p *causal.Part) { p.Entries = append(p.Entries, p.Entries[0]) })},
	{"an entry less", field(func(_ *Forger, _ *Author, p *causal.Part) { p.Entries = p.Entries[1:] })},
	{"a removal", field(func(_ *Forger, a *Author, p *causal.Part) { p.Removed = []causal.EntryID{a.Parts[0].EntryID(0)} })},
	{"another stamp", field(func(f *Forger, _ *Author, p *causal.Part) { p.Stamp += causal.Stamp(1 + f.Rnd.IntN(1<<40)) })},
	{"another past", field(func(f *Forger, a *Author, p *causal.Part) { p.Seen = []causal.Ref{f.other(a).At(1)} })},
	{"a sibling", field(func(f *Forger, a *Author, p *causal.Part) { p.Siblings = []causal.Ref{f.other(a).At(1)} })},
	{"a grant", field(func(f *Forger, a *Author, p *causal.Part) { p.Grants = []causal.Ref{f.other(a).At(1)} })},
	{"a right", field(func(f *Forger, a *Author, p *causal.Part) {
		p.Entries = []causal.Entry{causal.EntryOf(&causal.Cut{Replica: f.other(a).Replica})}
	})},
}

// field makes a lie of a change to one part. The part is a copy, and so are
// its entries.
func field(change func(*Forger, *Author, *causal.Part)) func(*Forger, *Author, *causal.Parcel) {
	return func(f *Forger, a *Author, p *causal.Parcel) {
		at := f.Rnd.IntN(len(p.Parts))
		part := *p.Parts[at]
		part.Entries = slices.Clone(part.Entries)
		change(f, a, &part)
		p.Parts[at] = &part
	}
}

var aboutParts = []kind{
	{"parts in another order", func(f *Forger, _ *Author, p *causal.Parcel) {
		from := slices.Clone(p.Parts)
		f.Rnd.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
		if len(from) > 1 && from[0] == p.Parts[0] {
			from[0], from[1] = from[1], from[0]
		}
		renumber(p, from, p.First())
		if len(from) == 1 {
			p.Parts[0].Stamp++
		}
	}},
	{"a part dropped", func(f *Forger, a *Author, p *causal.Parcel) {
		at := f.Rnd.IntN(len(p.Parts))
		first, rest := p.First(), slices.Delete(slices.Clone(p.Parts), at, at+1)
		if len(rest) == 0 {
			rest = []*causal.Part{{Space: a.Space, Replica: a.Replica}}
		}
		renumber(p, rest, first)
	}},
	{"a part twice", func(f *Forger, _ *Author, p *causal.Parcel) {
		at := f.Rnd.IntN(len(p.Parts))
		renumber(p, slices.Insert(slices.Clone(p.Parts), at, p.Parts[at]), p.First())
	}},
	{"parts at later numbers", func(f *Forger, _ *Author, p *causal.Parcel) {
		renumber(p, p.Parts, p.First()+1+f.Rnd.Uint64N(3))
	}},
	{"old parts as the next ones", func(f *Forger, a *Author, p *causal.Parcel) {
		from := f.Known[a.Chain]
		first := 1 + f.Rnd.Uint64N(from-1)
		renumber(p, a.Parts[first-1:min(from, first+lieMax)], f.Known[a.Chain]+1)
	}},
}

var aboutAuthors = []kind{
	{"under another's id", func(f *Forger, _ *Author, p *causal.Parcel) {
		key := f.Others[f.Rnd.IntN(len(f.Others))]
		rename(p, func(part *causal.Part) { part.Replica = key.ID() })
		p.Key = &key
	}},
	{"under another's id, signed", func(f *Forger, _ *Author, p *causal.Parcel) {
		key := f.Others[f.Rnd.IntN(len(f.Others))]
		rename(p, func(part *causal.Part) { part.Replica = key.ID() })
		p.Key = &key
		p.Seal.Signature = f.Secret.Sign(p.Chain(), f.headOf(p))
	}},
	{"as the next parts of another", func(f *Forger, a *Author, p *causal.Parcel) {
		o := f.other(a)
		rename(p, func(part *causal.Part) { part.Replica, part.Space = o.Replica, o.Space })
		renumber(p, p.Parts, f.Known[o.Chain]+1)
		p.Key = nil
		if p.First() == 1 {
			p.Key = &o.Key
		}
	}},
	{"another incarnation of the author", func(f *Forger, a *Author, p *causal.Parcel) {
		key := a.Key
		key.Incarnation += 1 + f.Rnd.Uint64N(9)
		rename(p, func(part *causal.Part) { part.Replica = key.ID() })
		p.Key = &key
	}},
	{"in another space", func(f *Forger, _ *Author, p *causal.Parcel) {
		to := f.Spaces[f.Rnd.IntN(len(f.Spaces))]
		rename(p, func(part *causal.Part) { part.Space = to })
	}},
	{"a key of somebody else", func(f *Forger, _ *Author, p *causal.Parcel) {
		key := f.Secret.Key
		p.Key = &key
		p.Seal.Signature = f.Secret.Sign(p.Chain(), f.headOf(p))
	}},
}

// headOf returns the head that the parcel would have if it began a chain.
func (f *Forger) headOf(p *causal.Parcel) causal.Head {
	var h causal.Hasher
	var hash causal.Hash
	for _, part := range p.Parts {
		hash = h.Chain(hash, part)
	}
	return causal.Head{Seq: p.Last(), Hash: hash}
}

// rename puts changed copies of the parts in their place.
func rename(p *causal.Parcel, change func(*causal.Part)) {
	parts := make([]*causal.Part, len(p.Parts))
	for i, part := range p.Parts {
		renamed := *part
		change(&renamed)
		parts[i] = &renamed
	}
	p.Parts = parts
}

// renumber puts the given parts under the numbers from first on.
func renumber(p *causal.Parcel, from []*causal.Part, first uint64) {
	p.Parts = from
	seq := first
	rename(p, func(part *causal.Part) { part.Seq, seq = seq, seq+1 })
	p.Seal.Seq = seq - 1
}
