package journal_test

import (
	"errors"
	"strconv"
	"testing"

	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/store/journal"
)

// filled returns files with n records as a node writes them, half of them in a
// snapshot and half in the log behind it.
func filled(b *testing.B, n int) *memFiles {
	f := &memFiles{}
	j, err := journal.Open(f.now, journal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	d := journal.NewDisk(j, f)
	for i := range n {
		if i == n/2 {
			d.Compact()
		}
		if err := d.Write(commit(i)); err != nil {
			b.Fatal(err)
		}
	}
	if err := d.Sync(); err != nil {
		b.Fatal(err)
	}
	return f
}

// commit is a batch of the size that a commit of one entry has: a part, a
// seal and the mark.
func commit(i int) []store.Op {
	no := strconv.Itoa(i)
	return []store.Op{
		{Key: []byte("p" + no), Value: make([]byte, 120)},
		{Key: []byte("q" + no), Value: make([]byte, 64)},
		{Key: []byte{1}, Value: make([]byte, 40)},
	}
}

// BenchmarkOpen opens a journal of 10,000 records.
func BenchmarkOpen(b *testing.B) {
	f := filled(b, 5000)
	b.ReportMetric(float64(f.size()), "bytes")
	for b.Loop() {
		if _, err := journal.Open(f.now, journal.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWrite writes and syncs commits, snapshots included; files cost nothing.
func BenchmarkWrite(b *testing.B) {
	j, err := journal.Open([journal.FileCount][]byte{}, journal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	bytes, i := 0, 0
	for b.Loop() {
		if err := errors.Join(j.Write(commit(i%50_000)), j.Sync()); err != nil {
			b.Fatal(err)
		}
		for _, a := range j.Take() {
			bytes += len(a.Bytes)
		}
		i++
	}
	b.ReportMetric(float64(bytes)/float64(i), "bytes/op")
}
