package audit

import (
	"encoding/binary"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"golang.org/x/crypto/blake2b"
)

// Applied tells that a group of parts became visible together at a replica,
// and is durable with the given store write; missing is what the replica says
// that late parts of it lack. It checks what can be checked at that moment.
// Cost: the group's parts times the number of chains.
func (a *Auditor) Applied(at int, write uint64, group []*causal.Part, missing ...causal.Ref) {
	r := a.replicas[at]
	before := append(vector(nil), r.applied...)
	a.register(at, group, before)
	for _, p := range group {
		a.advance(at, p)
	}
	a.excuse(at, group, missing)
	for _, p := range group {
		a.checkPast(at, p)
		a.checkWhole(at, p, group)
	}
	r.journal = append(r.journal, batch{write: write, group: group})
	if a.isLight {
		return
	}
	r.shadow.apply(group, func(by *causal.Part, id causal.EntryID) {
		a.Report(at, RuleRemoval, "%s removes entry %d of %s, which is not there", name(by.Ref()), id.Offset, name(causal.Ref{Space: by.Space, Dot: id.Dot}))
	})
}

// Ran tells that a raise had an effect at a replica: a commit that the given
// store write makes durable.
func (a *Auditor) Ran(at int, write uint64, attempt Attempt) {
	a.replicas[at].journal = append(a.replicas[at].journal, batch{write: write, attempt: &attempt})
	if a.runs[attempt]++; a.runs[attempt] > 1 {
		a.Report(at, RuleRetry, "event %d of stream %s has run %d times", attempt.Seq, attempt.Stream, a.runs[attempt])
	}
}

// Answered tells that a replica gave an answer that depends on the named
// parts: from now on they may not be lost. An answer that came from the home
// may name parts that have not come here yet, but none that is nowhere.
func (a *Auditor) Answered(at int, seen []causal.Ref) {
	for _, ref := range seen {
		a.acked.raise(a.lane(ref.Space, ref.Replica), ref.Seq)
		if a.parts[ref] == nil {
			a.Report(at, RuleKept, "an answer names %s, which is nowhere", name(ref))
		}
	}
}

// Crashed tells that a replica lost every store write after the given one.
func (a *Auditor) Crashed(at int, survivor uint64) {
	r := a.replicas[at]
	kept := 0
	for kept < len(r.journal) && r.journal[kept].write <= survivor {
		kept++
	}
	lost := r.journal[kept:]
	if len(lost) == 0 {
		return
	}
	r.journal = r.journal[:kept]
	for _, b := range lost {
		a.forget(at, b)
	}
	a.rebuild(r)
}

// forget takes back what a lost store write said.
func (a *Auditor) forget(at int, b batch) {
	if b.attempt != nil {
		a.runs[*b.attempt]--
	}
	for _, p := range b.group {
		rec := a.parts[p.Ref()]
		if rec == nil {
			continue
		}
		if rec.holders--; rec.holders == 0 {
			delete(a.parts, p.Ref())
		} else if minter, known := a.minter[p.Replica]; known && minter == at {
			a.Report(at, RuleDurable, "%s is lost at its author and held by %d others", name(p.Ref()), rec.holders)
		}
	}
}

// rebuild makes a replica's vector and shadow from its journal.
func (a *Auditor) rebuild(r *replica) {
	r.applied, r.shadow = nil, newShadow()
	for _, b := range r.journal {
		for _, p := range b.group {
			r.applied.raise(a.lane(p.Space, p.Replica), p.Seq)
		}
		if !a.isLight {
			r.shadow.apply(b.group, known)
		}
	}
}

// register records the parts of a group that no replica has shown before:
// they were minted just now, and here. before is what their author had applied.
// What he does not show, as it was missing when a part was late, he has not
// seen: to those who hold less than he does, who cannot know of the late part,
// it is not before what he makes.
func (a *Auditor) register(at int, group []*causal.Part, before vector) {
	var minted []*record
	for _, p := range group {
		rec := a.parts[p.Ref()]
		if rec == nil {
			rec = &record{part: p, digest: a.digest(p), past: a.declared(at, p)}
			a.parts[p.Ref()] = rec
			minted = append(minted, rec)
			if minter, known := a.minter[p.Replica]; !known || minter != at {
				a.Report(at, RuleDurable, "%s is here, but not at its author", name(p.Ref()))
			}
		} else if rec.digest != a.digest(p) {
			a.Report(at, RuleOneAuthor, "%s has two contents", name(p.Ref()))
		}
		rec.holders++
	}
	a.mergeSiblings(minted)
	for _, rec := range minted {
		a.unsee(at, rec, before)
		a.checkSeen(at, rec, before)
	}
}

// declared returns the past a part says it has: that of its predecessor and of
// all it names, and itself.
func (a *Auditor) declared(at int, p *causal.Part) vector {
	var past vector
	add := func(ref causal.Ref) {
		past.raise(a.lane(ref.Space, ref.Replica), ref.Seq)
		if rec := a.parts[ref]; rec != nil && (ref.Space == p.Space || a.passes(ref.Space)) {
			past.join(a.passed(at, rec))
		}
	}
	if p.Seq > 1 {
		add(causal.Ref{Space: p.Space, Dot: causal.Dot{Replica: p.Replica, Seq: p.Seq - 1}})
	}
	for _, ref := range p.Seen {
		add(ref)
	}
	past.raise(a.lane(p.Space, p.Replica), p.Seq)
	return past
}

// passed returns what a part that is named at a replica hands on of its past.
// In a space that is not held there a session has seen it elsewhere: what was
// missing there, when something was late, the session has not seen.
func (a *Auditor) passed(at int, rec *record) vector {
	isThere := a.replicas[at].applied.at(a.lane(rec.part.Space, rec.part.Replica)) >= rec.part.Seq
	if a.holds(a.replicas[at], rec.part.Space) || isThere {
		return rec.past
	}
	past := append(vector(nil), rec.past...)
	for _, r := range a.replicas {
		for lane, n := range past {
			if n > 0 && a.holds(r, rec.part.Space) && r.excused.at(lane) >= n {
				past[lane] = 0
			}
		}
	}
	return past
}

// unsee takes out of a new part's past what was missing at its author: of a
// chain in a space that it does not hold, all that it knew behind what was late.
func (a *Auditor) unsee(at int, rec *record, before vector) {
	r := a.replicas[at]
	own := a.lane(rec.part.Space, rec.part.Replica)
	for lane, n := range rec.past {
		isMissing := lane != own && r.excused.at(lane) >= n
		if have := before.at(lane); isMissing && have < n {
			rec.past[lane] = have
		}
	}
}

// mergeSiblings gives the parts of one commit one past: they are seen together.
func (a *Auditor) mergeSiblings(minted []*record) {
	for _, rec := range minted {
		for _, ref := range rec.part.Siblings {
			if sibling := a.parts[ref]; sibling != nil {
				rec.past.join(sibling.past)
				sibling.past.join(rec.past)
			}
		}
	}
}

// checkSeen asserts that a new part's past holds all its author had applied in
// the part's space: the causal past is then never smaller than it says.
func (a *Auditor) checkSeen(at int, rec *record, before vector) {
	for lane, n := range before {
		if a.spaces[lane] == rec.part.Space && rec.past.at(lane) < n {
			a.Report(at, RuleSeen, "%s leaves out a part its author had applied, number %d of chain %d", name(rec.part.Ref()), n, lane)
			return
		}
	}
}

// advance counts p as applied at the replica.
func (a *Auditor) advance(at int, p *causal.Part) {
	r := a.replicas[at]
	lane := a.lane(p.Space, p.Replica)
	if have := r.applied.at(lane); p.Seq != have+1 {
		a.Report(at, RuleOnce, "%s is applied after number %d of its chain", name(p.Ref()), have)
	}
	r.applied.raise(lane, p.Seq)
}

// checkPast asserts that all before p is applied, where the replica holds its space.
func (a *Auditor) checkPast(at int, p *causal.Part) {
	r := a.replicas[at]
	for lane, n := range a.parts[p.Ref()].past {
		if r.applied.at(lane) < n && r.excused.at(lane) < n && a.holds(r, a.spaces[lane]) {
			a.Report(at, RuleCausal, "%s is visible without number %d of chain %d, which is before it", name(p.Ref()), n, lane)
			return
		}
	}
}

// excuse takes the word of a replica that parts are late. It must name what is
// missing, and it is excused for nothing else than what is before them.
func (a *Auditor) excuse(at int, group []*causal.Part, missing []causal.Ref) {
	r := a.replicas[at]
	for _, ref := range missing {
		r.missing[ref] = true
		if r.applied.at(a.lane(ref.Space, ref.Replica)) >= ref.Seq || !a.holds(r, ref.Space) && !r.MayHold {
			a.Report(at, RuleLate, "%s is said to be missing, and is there or not to be there", name(ref))
		}
	}
	for _, p := range group {
		isLate := func(ref causal.Ref) bool { return ref.Space != p.Space && slices.Contains(missing, ref) }
		if slices.ContainsFunc(p.Seen, isLate) || slices.ContainsFunc(p.Siblings, isLate) {
			for lane, n := range a.parts[p.Ref()].past {
				if r.applied.at(lane) < n {
					r.excused.raise(lane, n)
				}
			}
		}
	}
}

// checkWhole asserts that the siblings of p are in its group, unless one of
// the two was missing when the other was late, or p came with a space that the
// replica came to hold later.
func (a *Auditor) checkWhole(at int, p *causal.Part, group []*causal.Part) {
	for _, ref := range p.Siblings {
		isExcused := a.replicas[at].missing[ref] || a.replicas[at].missing[p.Ref()]
		if a.holds(a.replicas[at], p.Space) && a.holds(a.replicas[at], ref.Space) && !contains(group, ref) && !isExcused {
			a.Report(at, RuleTogether, "%s is visible without its sibling %s", name(p.Ref()), name(ref))
		}
	}
}

func contains(group []*causal.Part, ref causal.Ref) bool {
	for _, p := range group {
		if p.Ref() == ref {
			return true
		}
	}
	return false
}

func (a *Auditor) digest(p *causal.Part) (d [blake2b.Size256]byte) {
	if a.isLight {
		return d
	}
	return digest(p)
}

// digest identifies the content of a part, by a form of its own so that a
// fault in the wire's form can't hide one here.
func digest(p *causal.Part) [blake2b.Size256]byte {
	var b []byte
	number := func(n uint64) { b = binary.BigEndian.AppendUint64(b, n) }
	text := func(s string) { number(uint64(len(s))); b = append(b, s...) }
	refs := func(list []causal.Ref) {
		number(uint64(len(list)))
		for _, r := range list {
			b = append(append(b, r.Space[:]...), r.Replica[:]...)
			number(r.Seq)
		}
	}
	refs([]causal.Ref{p.Ref()})
	number(uint64(p.Stamp))
	refs(p.Seen)
	refs(p.Siblings)
	refs(p.Grants)
	number(uint64(len(p.Entries)))
	for _, e := range p.Entries {
		text(e.Database)
		text(e.Key)
		text(e.Value)
	}
	for _, id := range p.Removed {
		b = append(b, id.Replica[:]...)
		number(id.Seq)
		number(uint64(id.Offset))
	}
	return blake2b.Sum256(b)
}

// name writes a part's name for people.
func name(r causal.Ref) string {
	return r.Replica.Short() + " " + decimal(r.Seq) + " in " + r.Space.String()[:8]
}
