package native

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/martinelli-lang/martinelli/store"
)

// A head mark says how far the store's log goes, in a second file.
//
// A write-ahead log that lost its tail opens without an error: its reader
// can't tell a record cut off by a crash from one that was synced and then
// damaged. But a node that lost a synced tail would mint the dots in it again,
// with other content, and no replica could say which is right. So after each
// group commit, before anything of it is sent or answered, the number and hash
// of its last write are synced here. A store that ends before its mark is refused.
//
//	offset   0        1         9          41       45
//	         +--------+---------+----------+--------+
//	slot 0   | format | number  | hash     | crc32c |
//	         | 1 byte | 8, LE   | 32       | 4, LE  |
//	         +--------+---------+----------+--------+
//	slot 1   the same at offset 4096
//
// The slots take turns and lie in different pages, so a torn write damages
// only the slot it was meant for, and the other still holds the write before.
type headMark struct {
	file vfs.File
	turn int64 // the slot that is written next: the one without the newest mark
}

// readMark is what a head mark's file says.
type readMark struct {
	store.HeadMark
	marked bool // a slot was written; without it HeadMark is zero
	torn   bool // a slot is damaged: a group after HeadMark was synced, and its mark was being written
}

const (
	headFile   = "HEAD"
	markFormat = 0
	markSlot   = 4096
	markSize   = 45
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// openHeadMark opens the mark's file, or makes it, and reads it.
func openHeadMark(fs vfs.FS, path string) (*headMark, readMark, error) {
	f, err := fs.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, readMark{}, err
	}
	m, at := &headMark{file: f}, readMark{}
	for slot := range int64(2) {
		h, state, err := readSlot(f, slot)
		if err != nil {
			return nil, readMark{}, errors.Join(err, f.Close())
		}
		switch {
		case state == slotDamaged:
			at.torn = true
		case state == slotWritten && (!at.marked || h.Number > at.Number):
			at.HeadMark, at.marked, m.turn = h, true, 1-slot
		}
	}
	return m, at, nil
}

type slotState int

const (
	slotEmpty slotState = iota
	slotWritten
	slotDamaged
)

func readSlot(f vfs.File, slot int64) (store.HeadMark, slotState, error) {
	var b [markSize]byte
	_, err := f.ReadAt(b[:], slot*markSlot)
	if err != nil && !errors.Is(err, io.EOF) {
		return store.HeadMark{}, slotEmpty, err
	}
	if b == [markSize]byte{} {
		return store.HeadMark{}, slotEmpty, nil
	}
	sum := binary.LittleEndian.Uint32(b[41:])
	if sum != crc32.Checksum(b[:41], castagnoli) || b[0] != markFormat {
		return store.HeadMark{}, slotDamaged, nil
	}
	h, err := store.DecodeHeadMark(b[1:41])
	if err != nil {
		return store.HeadMark{}, slotDamaged, nil
	}
	return h, slotWritten, nil
}

// write makes h the mark, durably.
func (m *headMark) write(h store.HeadMark) error {
	b := make([]byte, 0, markSize)
	b = h.AppendTo(append(b, markFormat))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	if _, err := m.file.WriteAt(b, m.turn*markSlot); err != nil {
		return err
	}
	m.turn = 1 - m.turn
	return m.file.SyncData()
}

// reset makes h the only mark whatever stood there before, for a new replica id.
func (m *headMark) reset(h store.HeadMark) error {
	if _, err := m.file.WriteAt(make([]byte, markSlot+markSize), 0); err != nil {
		return err
	}
	if h == (store.HeadMark{}) {
		return m.file.SyncData()
	}
	return m.write(h)
}

// Close closes the mark's file.
func (m *headMark) Close() error { return m.file.Close() }

// LogError says that the store does not end where its head mark says.
type LogError struct {
	Dir  string
	What string
}

func (e *LogError) Error() string {
	return fmt.Sprintf("the store in %s is not the one this node last wrote: %s.\n"+
		"Going on would give new commits the names of lost ones. Put the right copy back, or start once with\n"+
		"    martinelli run --new-replica ...\n"+
		"which keeps the data that is there and goes on under a new replica id; what is missing comes back from the peers.", e.Dir, e.What)
}

// judge compares the end of the log with its mark. before is where the log
// ended one group commit earlier: the log may be that much ahead of its mark,
// for the power may go between the two syncs, and nothing of that group was
// sent or answered. It returns what is wrong, or "".
func judge(log, before store.HeadMark, mark readMark) (what string) {
	switch {
	case !mark.marked && before.Number > 0:
		return fmt.Sprintf("its log has %d writes and its head mark is gone", log.Number)
	case log.Number < mark.Number:
		return fmt.Sprintf("its log ends at write %d, its head mark says %d", log.Number, mark.Number)
	case log == mark.HeadMark && mark.torn:
		return fmt.Sprintf("its log ends at write %d, its head mark was about to name a later one", log.Number)
	case log == mark.HeadMark, before == mark.HeadMark:
		return ""
	}
	return fmt.Sprintf("its log (write %d) and its head mark (write %d) are of different histories", log.Number, mark.Number)
}
