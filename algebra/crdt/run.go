package crdt

import (
	"cmp"
	"slices"
)

// run is what is live of one replica, ascending by seq and offset. An author
// writes in order, so nearly every entry comes last and costs no search; what
// two states hold of a replica is compared by walking both, side by side.
//
// It stands in pages, so that growing copies nothing, and what comes or goes in
// the middle moves one page.
type run struct {
	pages [][]slot  // none is empty, none over pageMax; nil when nothing is live
	room  [1][]slot // where the first page stands while there is no other: most authors have few entries
}

// slot is an entry in its replica's run.
type slot struct {
	seq    uint64
	offset uint32
	Entry
}

// pageMax is how many slots of 72 bytes a page has.
const pageMax = 64

func (s *slot) compare(seq uint64, offset uint32) int {
	return cmp.Or(cmp.Compare(s.seq, seq), cmp.Compare(s.offset, offset))
}

// find returns where the slot of a name is, or where it would stand.
func (r *run) find(seq uint64, offset uint32) (at cursor, found bool) {
	at = cursor{run: r, page: max(len(r.pages)-1, 0)}
	if len(r.pages) == 0 {
		return at, false
	}
	if at.page > 0 && r.pages[at.page][0].compare(seq, offset) > 0 {
		at.page = r.pageOf(seq, offset)
	}
	page := r.pages[at.page]
	if page[len(page)-1].compare(seq, offset) < 0 {
		at.slot = len(page)
		return at, false
	}
	lo, hi := 0, len(page)-1 // the first slot that is not before the name is in [lo, hi]
	for lo < hi {
		if mid := (lo + hi) / 2; page[mid].compare(seq, offset) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	at.slot = lo
	return at, page[lo].seq == seq && page[lo].offset == offset
}

// pageOf returns the last page that begins at or before a name, or else the first.
func (r *run) pageOf(seq uint64, offset uint32) int {
	lo, hi := 0, len(r.pages)-1
	for lo < hi {
		if mid := (lo + hi + 1) / 2; r.pages[mid][0].compare(seq, offset) > 0 {
			hi = mid - 1
		} else {
			lo = mid
		}
	}
	return lo
}

// put notes a slot, in place of one of the same name, and reports whether it is new.
func (r *run) put(s slot) (isNew bool) {
	at, found := r.find(s.seq, s.offset)
	switch {
	case found:
		r.pages[at.page][at.slot] = s
		return false
	case r.pages == nil:
		r.room[0] = []slot{s}
		r.pages = r.room[:1]
		return true
	case len(r.pages[at.page]) == pageMax:
		at = r.split(at)
	}
	page := append(r.pages[at.page], slot{})
	copy(page[at.slot+1:], page[at.slot:])
	page[at.slot], r.pages[at.page] = s, page
	return true
}

// split makes room at a place in a full page: behind the end of the run a page
// of its own, elsewhere by halves.
func (r *run) split(at cursor) cursor {
	page, cut := r.pages[at.page], pageMax/2
	if at.slot == pageMax && at.page == len(r.pages)-1 {
		cut = pageMax
	}
	next := append(make([]slot, 0, pageMax), page[cut:]...)
	clear(page[cut:])
	r.pages[at.page] = page[:cut]
	r.pages = append(r.pages, nil)
	copy(r.pages[at.page+2:], r.pages[at.page+1:])
	r.pages[at.page+1] = next
	r.room[0] = nil // the pages have moved out of it
	if at.slot >= cut {
		at.page, at.slot = at.page+1, at.slot-cut
	}
	return at
}

// cut takes out the slot at a place.
func (r *run) cut(at cursor) {
	page := r.pages[at.page]
	last := len(page) - 1
	copy(page[at.slot:], page[at.slot+1:])
	page[last], r.pages[at.page] = slot{}, page[:last]
	r.tidy(at.page)
}

// tidy drops a page that has become empty, and joins one that has become small
// to the one before, so that a run never takes much more than what is live of it.
func (r *run) tidy(i int) {
	switch n := len(r.pages[i]); {
	case n == 0:
		r.drop(i)
	case n <= pageMax/4 && i > 0 && len(r.pages[i-1]) <= pageMax/2:
		r.pages[i-1] = append(r.pages[i-1], r.pages[i]...)
		r.drop(i)
	}
}

// drop takes out a page.
func (r *run) drop(i int) {
	last := len(r.pages) - 1
	copy(r.pages[i:], r.pages[i+1:])
	r.pages[last] = nil
	if r.pages = r.pages[:last]; last == 0 {
		r.pages = nil
	}
}

// retain takes out the slots of the parts from one seq to another that keep
// refuses, and returns how many they were. Keep is asked in order.
func (r *run) retain(from, to uint64, keep func(*slot) bool) (cut int) {
	at, _ := r.find(from, 0)
	end := at.page
	for ; end < len(r.pages) && r.pages[end][0].seq <= to; end++ {
		page := r.pages[end]
		left := page[:0]
		for i := range page {
			if s := &page[i]; s.seq < from || s.seq > to || keep(s) {
				if len(left) < i {
					page[len(left)] = *s
				}
				left = page[:len(left)+1]
			}
		}
		clear(page[len(left):])
		cut += len(page) - len(left)
		r.pages[end] = left
	}
	for i := end - 1; i >= at.page && cut > 0; i-- {
		r.tidy(i)
	}
	return cut
}

// last returns the seq of the last part of which something is live.
func (r *run) last() uint64 {
	page := r.pages[len(r.pages)-1]
	return page[len(page)-1].seq
}

func (r *run) clone() *run {
	c := new(run)
	c.pages = append(c.room[:0], r.pages...)
	for i, page := range c.pages {
		c.pages[i] = slices.Clone(page)
	}
	return c
}

// cursor is a place in a run, which must not change while it is walked.
type cursor struct {
	run        *run // nil: there is none, and this is the end
	page, slot int
}

// from returns the place of the first slot of a part or of one after it; of no
// run, the end.
func (r *run) from(seq uint64) cursor {
	if r == nil {
		return cursor{}
	}
	at, _ := r.find(seq, 0)
	return at
}

// next returns the slot at the cursor if it is of a part up to seq, and moves
// behind it; otherwise nil.
func (c *cursor) next(to uint64) *slot {
	s := c.here()
	if s == nil || s.seq > to {
		return nil
	}
	c.slot++
	return s
}

// here returns the slot at the cursor, nil at the end.
func (c *cursor) here() *slot {
	for c.run != nil && c.page < len(c.run.pages) {
		if page := c.run.pages[c.page]; c.slot < len(page) {
			return &page[c.slot]
		}
		c.page, c.slot = c.page+1, 0
	}
	return nil
}

// meets moves on to the first slot not before a name, and reports whether that
// is the one of the name.
func (c *cursor) meets(s *slot) bool {
	for h := c.here(); h != nil; h = c.here() {
		if order := h.compare(s.seq, s.offset); order >= 0 {
			return order == 0
		}
		c.slot++
	}
	return false
}
