package causal

import "github.com/martinelli-lang/martinelli/wire"

// Standing is the one grant that everybody holds: what users may write in a
// space without naming a grant. By the steward. Of several, that of the highest
// stamp judges a part which it does not name in Before.
type Standing struct {
	Trusted []string // roles whose replicas may write everything
	Rules   []Rule   // by database; of one without a rule nothing is judged
	Before  Vector   // parts that were here before: nothing is said of them
}

// Rule says who may write the keys of a database.
type Rule struct {
	Database string
	Everyone bool
	Key      int   // the user who is this value of the key may; -1: nobody by that
	Appends  bool  // everybody may add entries and take none away
	Field    []int // with Appends: only entries whose record names the author there
}

// BeforeMax bounds the replicas that a standing record leaves as they were.
const BeforeMax = 1 << 12

// Bounds of a standing record that a decoder accepts.
const (
	rolesMax  = 1 << 8
	rulesMax  = 1 << 12
	fieldsMax = 16
	dimsMax   = 1 << 8
)

const (
	ruleEveryone = 1 << iota
	ruleAppends
)

func (s *Standing) appendTo(b []byte) []byte {
	b = wire.AppendUvarint(b, uint64(len(s.Trusted)))
	for _, role := range s.Trusted {
		b = wire.AppendString(b, role)
	}
	b = wire.AppendUvarint(b, uint64(len(s.Rules)))
	for i := range s.Rules {
		b = s.Rules[i].appendTo(b)
	}
	return s.Before.AppendTo(b)
}

func (r *Rule) appendTo(b []byte) []byte {
	bits := byte(0)
	if r.Everyone {
		bits |= ruleEveryone
	}
	if r.Appends {
		bits |= ruleAppends
	}
	b = append(wire.AppendString(b, r.Database), bits)
	b = wire.AppendUvarint(b, uint64(r.Key+1))
	b = wire.AppendUvarint(b, uint64(len(r.Field)))
	for _, i := range r.Field {
		b = wire.AppendUvarint(b, uint64(i))
	}
	return b
}

func readStanding(r *wire.Reader) *Standing {
	s := &Standing{}
	for range r.Count(rolesMax, 1) {
		s.Trusted = append(s.Trusted, r.String(userMax))
	}
	for range r.Count(rulesMax, 4) {
		s.Rules = append(s.Rules, readRule(r))
	}
	s.Before = ReadVector(r, BeforeMax)
	return s
}

func readRule(r *wire.Reader) Rule {
	rule := Rule{Database: r.String(NameMax)}
	bits := r.Byte()
	rule.Everyone, rule.Appends = bits&ruleEveryone > 0, bits&ruleAppends > 0
	rule.Key = readSmall(r) - 1
	for range r.Count(fieldsMax, 1) {
		rule.Field = append(rule.Field, readSmall(r))
	}
	if bits > ruleEveryone|ruleAppends {
		r.Fail(wire.ErrMalformed)
	}
	return rule
}

// readSmall reads the number of a dimension or field.
func readSmall(r *wire.Reader) int {
	n := r.Uvarint()
	if n > dimsMax {
		r.Fail(wire.ErrMalformed)
		return 0
	}
	return int(n)
}
