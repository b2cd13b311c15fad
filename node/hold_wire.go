package node

import (
	"github.com/martinelli-lang/martinelli/wire"
)

// KindHold is the frames that say which spaces a user's node may have.
const KindHold = wire.KindHold

// Bounds of what is said, and of what is kept of it.
const (
	spaceNameMax  = nameMax + 1 + keyMax // bytes of a space's name: a dimension and its value
	holdNamesMax  = 1 << 10              // names in one frame
	holdBytesMax  = 256 << 10            // bytes of names after which a frame ends
	holdListMax   = 1 << 14              // spaces of which a neighbour's word is kept
	holdListBytes = 4 << 20              // bytes of their names
)

// holdWord tells a node which spaces it may have, beyond those that are its
// user's and everybody's: a list, and from then on what comes and goes.
type holdWord struct {
	No     uint64   // 1, 2, 3 on a link: the next one follows when this one was heard
	Whole  bool     // the list is whole with it
	Gained []string // by name
	Lost   []string
}

const (
	holdSays uint8 = iota
	holdHeard
)

func (w *holdWord) appendTo(b []byte) []byte {
	b = append(b, holdSays)
	b = wire.AppendUvarint(b, w.No)
	b = wire.AppendBool(b, w.Whole)
	return appendNames(appendNames(b, w.Gained), w.Lost)
}

func appendNames(b []byte, names []string) []byte {
	b = wire.AppendUvarint(b, uint64(len(names)))
	for _, name := range names {
		b = wire.AppendString(b, name)
	}
	return b
}

func readNames(r *wire.Reader, countMax int) (names []string) {
	for range r.Count(countMax, 1) {
		names = append(names, r.String(spaceNameMax))
	}
	return names
}

func decodeHoldWord(body []byte) (holdWord, error) {
	r := wire.NewReader(body)
	if r.Byte() != holdSays {
		r.Fail(wire.ErrMalformed)
	}
	w := holdWord{No: r.Uvarint(), Whole: r.Bool(), Gained: readNames(r, holdNamesMax), Lost: readNames(r, holdNamesMax)}
	return w, r.Done()
}

// appendHeard says that a word was heard.
func appendHeard(b []byte, no uint64) []byte { return wire.AppendUvarint(append(b, holdHeard), no) }

func decodeHeard(body []byte) (uint64, error) {
	r := wire.NewReader(body)
	if r.Byte() != holdHeard {
		r.Fail(wire.ErrMalformed)
	}
	no := r.Uvarint()
	return no, r.Done()
}

// decodeHeld reads the list that a store keeps.
func decodeHeld(b []byte) ([]string, error) {
	r := wire.NewReader(b)
	names := readNames(r, holdListMax)
	return names, r.Done()
}
