package store_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/replica/replicatest"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

// TestRecordBytes holds the records of docs/wire/store.md to their letters: a
// store written today is read by the releases that follow.
func TestRecordBytes(t *testing.T) {
	m := boot(t, store.NewMem())
	commit := func(writes ...replica.Write) causal.EntryID {
		g := m.replica.Commit(replica.Draft{Author: author(1), Stamp: causal.StampAt(1_795_000_000*causal.Second) + 3, Writes: writes})
		m.record(g)
		return g.Parts[0].EntryID(0)
	}
	ads := replica.Write{Space: space(0), Entries: []causal.Entry{{Database: "counters", Key: "k", Value: "1"}}}
	first := commit(ads)
	m.flush()
	ads.Removed = []causal.EntryID{first}
	commit(ads, replica.Write{Space: space(1)})
	m.receive(m.voucher.Vouch(&causal.Part{Space: space(0), Replica: author(2), Seq: 1, Seen: m.replica.Heads(space(0))}))
	m.store.PutKey(causal.Chain{Space: space(0), Replica: author(2)}, replicatest.KeyOf(2))
	m.seal(author(1))
	m.store.PutStreamMark("north", store.StreamMark{Seq: 2, Parts: m.replica.Heads(space(1))})
	m.store.PutMeta("self", []byte{7})
	m.write()
	m.flush()
	m.write()

	var b strings.Builder
	err := m.disk.Scan(nil, nil, func(key, value []byte) bool {
		b.WriteString(hex.EncodeToString(key) + " " + hex.EncodeToString(value) + "\n")
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	frozen := wiretest.File(t, "store.records", []byte(b.String()))
	if b.String() != string(frozen) {
		t.Errorf("the records are\n%sand were\n%s", b.String(), frozen)
	}
	if again, old := boot(t, m.disk), boot(t, frozenDisk(t, frozen)); state(again.replica) != state(old.replica) {
		t.Errorf("the frozen records are read as\n%s\nand were\n%s", state(old.replica), state(again.replica))
	}
}

// frozenDisk returns a disk with records given as lines of hexadecimal keys
// and values.
func frozenDisk(t *testing.T, records []byte) *store.Mem {
	var ops []store.Op
	for line := range strings.Lines(string(records)) {
		k, v, _ := strings.Cut(strings.TrimSpace(line), " ")
		key, keyErr := hex.DecodeString(k)
		value, valueErr := hex.DecodeString(v)
		if err := errors.Join(keyErr, valueErr); err != nil {
			t.Fatal(err)
		}
		ops = append(ops, store.Op{Key: key, Value: value})
	}
	disk := store.NewMem()
	if err := disk.Write(ops); err != nil {
		t.Fatal(err)
	}
	return disk
}

// TestUnknownDatabaseIsKeptAndServed: a node relays and stores what its program
// does not speak of, and who gets it from there has the same chain.
func TestUnknownDatabaseIsKeptAndServed(t *testing.T) {
	newer := replica.New(replica.Config{})
	var sent []*causal.Part
	for i := range 5 {
		w := replica.Write{Space: space(0), Entries: []causal.Entry{{Database: "of a later schema", Key: "\xff", Value: "\x00\xfe no value of today"}}}
		if i > 0 {
			w.Removed = []causal.EntryID{sent[i-1].EntryID(0)}
		}
		sent = append(sent, newer.Commit(replica.Draft{Author: author(3), Writes: []replica.Write{w}}).Parts[0])
	}
	newer.Seal(sent[0].Chain(), causal.Seal{Seq: 5})
	old := boot(t, store.NewMem())
	received, err := replica.DecodeFrame(replica.AppendFrame(nil, replicatest.Parcels(sent...)))
	if err != nil {
		t.Fatal(err)
	}
	old.receive(old.voucher.VouchParcels(received[:3]...))
	old.flush()
	old.receive(old.voucher.VouchParcels(received[3:]...))
	old.write()

	again := boot(t, old.disk)
	third := replica.New(replica.Config{})
	for p := range again.replica.Since([]replica.ChainHead{{Chain: sent[0].Chain()}}) {
		third.Receive(0, old.voucher.VouchParcels(p))
	}
	if third.Root() != newer.Root() || state(third) != state(newer) {
		t.Errorf("what came through the old node is\n%s\nand was\n%s", state(third), state(newer))
	}
}

// TestReadErrors: a disk that can't be read is reported, and what could not be
// read does not count as missing.
func TestReadErrors(t *testing.T) {
	broken := errors.New("the cable is out")
	m := boot(t, store.NewMem())
	for range 100 { // more than stay in memory
		m.record(m.replica.Commit(replica.Draft{Author: author(1), Writes: []replica.Write{{Space: space(0)}}}))
	}
	m.write()
	m.disk.SetFault(func(string) error { return broken })
	if p := m.replica.Part(causal.Chain{Space: space(0), Replica: author(1)}.At(1)); p != nil {
		t.Error("a part came from a broken disk")
	}
	if out := m.replica.Drain(); !errors.Is(out.Err, broken) {
		t.Errorf("the failure is not reported: %v", out.Err)
	}
	if _, err := store.Open(m.disk); !errors.Is(err, broken) {
		t.Errorf("open: %v", err)
	}
	m.disk.SetFault(func(operation string) error {
		if operation == "scan" {
			return broken
		}
		return nil
	})
	if err := m.store.Restore(store.Visitor{}); !errors.Is(err, broken) {
		t.Errorf("restore: %v", err)
	}
}

// TestLostRecordEndsTheStart: a log with a hole is not taken for a shorter one.
func TestLostRecordEndsTheStart(t *testing.T) {
	m := boot(t, store.NewMem())
	for range 5 {
		m.record(m.replica.Commit(replica.Draft{Author: author(1), Writes: []replica.Write{{Space: space(0)}}}))
	}
	m.write()
	if err := m.disk.Write([]store.Op{{Key: []byte{'p', 0, 3}, Delete: true}}); err != nil {
		t.Fatal(err)
	}
	if _, err := tryBoot(t, m.disk, nil); !errors.Is(err, replica.ErrDamaged) {
		t.Errorf("got %v", err)
	}
}
