package browser

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/wire"
)

// A letter stands in the mailbox behind its length: a byte that says which it
// is, and its fields. Both sides of the mailbox are built together, so letters
// have no version. docs/wire/mailbox.md draws them.

// Microsecond is the unit of time in letters: a number of JavaScript holds
// microseconds since 1970 exactly, and nanoseconds it does not.
const Microsecond = causal.Millisecond / 1000

// Bounds of letters, checked before memory is taken.
const (
	lettersMax = 1 << 20  // letters of one delivery
	letterMax  = 64 << 20 // bytes of one letter: a file of the journal is the longest
	textMax    = 64 << 10 // a name, an address, a sentence
	jsonMax    = 16 << 20 // JSON that is shown; what comes in jsonvalue bounds
	planMax    = 8 << 20  // plan.SizeMax
	wordsMax   = 64 << 10 // a pass, or what is signed
	chunkMax   = 4 << 20  // bytes of a link that are handed over at once
	bindingMax = 1 << 10  // what both sides of a link know of it
	listMax    = 1 << 12  // items of a list
	opsMax     = 1 << 12  // file operations of one Write
)

// Delivery is what the worker puts into the mailbox: the time, and letters.
type Delivery struct {
	Now     causal.Instant // since 1970; it never decreases
	Letters []In
}

// In is a letter to the host.
type In interface {
	kind() byte
	fields(*coder)
}

// Out is a letter of the host.
type Out interface {
	kind() byte
	fields(*coder)
}

// AppendTo appends the delivery's bytes.
func (d *Delivery) AppendTo(b []byte) []byte {
	c := &coder{b: b}
	c.instant(&d.Now)
	c.b = wire.AppendUvarint(c.b, uint64(len(d.Letters)))
	for _, l := range d.Letters {
		c.letter(l)
	}
	return c.b
}

// DecodeDelivery reads what AppendTo wrote. Its letters alias b.
func DecodeDelivery(b []byte) (d Delivery, err error) {
	r := wire.NewReader(b)
	(&coder{r: r}).instant(&d.Now)
	d.Letters = make([]In, r.Count(lettersMax, 5))
	c := &coder{r: new(wire.Reader)}
	for i := range d.Letters {
		d.Letters[i] = readLetter(r, c, newIn)
	}
	return d, r.Done()
}

// AppendLetters appends letters of the host.
func AppendLetters(b []byte, letters []Out) []byte {
	b = wire.AppendUvarint(b, uint64(len(letters)))
	c := &coder{b: b}
	for _, l := range letters {
		c.letter(l)
	}
	return c.b
}

// DecodeLetters reads what AppendLetters wrote, as the worker does. They alias b.
func DecodeLetters(b []byte) ([]Out, error) {
	r := wire.NewReader(b)
	letters := make([]Out, r.Count(lettersMax, 5))
	c := &coder{r: new(wire.Reader)}
	for i := range letters {
		letters[i] = readLetter(r, c, newOut)
	}
	return letters, r.Done()
}

// letter writes a letter, and then its length before it: the length has four
// bytes, so that nothing is written twice.
func (c *coder) letter(l interface {
	kind() byte
	fields(*coder)
}) {
	at := len(c.b)
	c.b = append(wire.AppendUint32(c.b, 0), l.kind())
	l.fields(c)
	wire.AppendUint32(c.b[:at], uint32(len(c.b)-at-4))
}

// readLetter reads one letter by c, which the letters of a delivery share; of
// an unknown kind, or with bytes left, it is malformed.
func readLetter[L In](r *wire.Reader, c *coder, fresh func(kind byte) L) (l L) {
	n := r.Uint32()
	if n > letterMax {
		r.Fail(wire.ErrLimit)
		return l
	}
	body := c.r
	*body = *wire.NewReader(r.Raw(int(n)))
	if r.Err() != nil {
		return l
	}
	l = fresh(body.Byte())
	if any(l) == nil {
		r.Fail(wire.ErrMalformed)
		return l
	}
	l.fields(c)
	if err := body.Done(); err != nil {
		r.Fail(err)
	}
	return l
}

// coder writes the fields of a letter, or reads them: so each letter lists
// them once.
type coder struct {
	r *wire.Reader // nil: it writes
	b []byte
}

func (c *coder) number(v *uint64) {
	if c.r != nil {
		*v = c.r.Uvarint()
		return
	}
	c.b = wire.AppendUvarint(c.b, *v)
}

// instant is a time in microseconds.
func (c *coder) instant(at *causal.Instant) {
	v := uint64(max(0, *at) / Microsecond)
	c.number(&v)
	if c.r != nil && v > 1<<53 {
		c.r.Fail(wire.ErrLimit)
		return
	}
	*at = causal.Instant(v) * Microsecond
}

func (c *coder) flag(v *bool) {
	if c.r != nil {
		*v = c.r.Bool()
		return
	}
	c.b = wire.AppendBool(c.b, *v)
}

func (c *coder) octet(v *byte) {
	if c.r != nil {
		*v = c.r.Byte()
		return
	}
	c.b = append(c.b, *v)
}

func (c *coder) text(s *string, sizeMax int) {
	if c.r != nil {
		*s = c.r.String(sizeMax)
		return
	}
	c.b = wire.AppendString(c.b, *s)
}

// bytes is nil where there are none.
func (c *coder) bytes(p *[]byte, sizeMax int) {
	if c.r == nil {
		c.b = wire.AppendBytes(c.b, *p)
		return
	}
	if *p = c.r.Bytes(sizeMax); len(*p) == 0 {
		*p = nil
	}
}

// fixed is as many bytes as p has.
func (c *coder) fixed(p []byte) {
	if c.r != nil {
		copy(p, c.r.Raw(len(p)))
		return
	}
	c.b = append(c.b, p...)
}

func (c *coder) texts(list *[]string) {
	n := c.count(len(*list), listMax)
	if c.r != nil && n > 0 {
		*list = make([]string, n)
	}
	for i := range *list {
		c.text(&(*list)[i], textMax)
	}
}

// count is how many items follow, each of which takes a byte at least.
func (c *coder) count(n, countMax int) int {
	if c.r != nil {
		return c.r.Count(countMax, 1)
	}
	c.b = wire.AppendUvarint(c.b, uint64(n))
	return n
}
