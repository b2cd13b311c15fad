package native

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/store"
	"github.com/martinelli-lang/martinelli/store/storetest"
	"github.com/martinelli-lang/martinelli/value"
)

// BenchmarkMetadata lets 10,000 clients of 3 servers write once each, and
// counts the bytes of one server's tables after compaction, beside those of
// the records in them. Keys, signatures and hashes don't compress.
func BenchmarkMetadata(b *testing.B) {
	for b.Loop() {
		dir := b.TempDir()
		disk, err := openDisk(dir, diskOptions{fs: vfs.Default, log: silent})
		if err != nil {
			b.Fatal(err)
		}
		crowd := storetest.Crowd{
			Servers: 3, Clients: 10_000, Together: 1, Batch: 100,
			Entry: func(int) causal.Entry {
				return causal.Entry{Database: "counters", Key: value.Encode(value.String("a17")), Value: value.Encode(value.Int(1))}
			},
			OnWrite: func(ops []store.Op) {
				if err := disk.Write(ops); err != nil {
					b.Fatal(err)
				}
			},
		}
		total, err := crowd.Run()
		if err != nil {
			b.Fatal(err)
		}
		if err := disk.db.Flush(); err != nil {
			b.Fatal(err)
		}
		if err := disk.db.Compact(b.Context(), []byte{recordPrefix}, []byte{recordPrefix + 1}, false); err != nil {
			b.Fatal(err)
		}
		if err := disk.Close(); err != nil {
			b.Fatal(err)
		}
		records := 0
		for _, bytes := range total.Disk {
			records += bytes
		}
		b.ReportMetric(float64(records)/float64(crowd.Clients), "B/commit-records")
		b.ReportMetric(float64(tables(b, dir))/float64(crowd.Clients), "B/commit-tables")
	}
}

// tables returns the bytes of the tables in a directory.
func tables(b testing.TB, dir string) (size int64) {
	b.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".sst" {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return size
}
