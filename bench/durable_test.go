package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/dgraph-io/badger/v4"
	"go.etcd.io/bbolt"

	"github.com/martinelli-lang/martinelli"
)

const impressions = `
database :counters, gcounter, :by => :ad_id, :replicated => true
on_shown do |ad_id: id|
  counters[:ad_id].inc(1)
end
`

// BenchmarkDurable is one impression that is counted durably, by how many
// clients wait at once, each for its own. The peers add one to a number under
// a key in a transaction; a node runs a handler, logs its commit with its
// causes for other replicas, and puts the count together again at a restart.
// Each of bbolt's writers waits for a batch, as bbolt means it, if there are many.
func BenchmarkDurable(b *testing.B) {
	for _, clients := range []int{1, 64} {
		for _, c := range []struct {
			name string
			open func(b *testing.B, clients int) (count func(ad string) error)
		}{{"bbolt", openBolt}, {"badger", openBadger}, {"martinelli", openMartinelli}} {
			b.Run(fmt.Sprintf("clients=%d/%s", clients, c.name), func(b *testing.B) { each(b, clients, c.open(b, clients)) })
		}
	}
}

// each counts b.N impressions, by so many clients at once, each of its own advertisement.
func each(b *testing.B, clients int, count func(ad string) error) {
	b.ResetTimer()
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			ad := fmt.Sprint("ad", client)
			for i := client; i < b.N; i += clients {
				if err := count(ad); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
}

func openBolt(b *testing.B, clients int) func(string) error {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bolt"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	commit := db.Update
	if clients > 1 {
		db.MaxBatchSize = clients
		commit = db.Batch
	}
	return func(ad string) error {
		return commit(func(tx *bbolt.Tx) error {
			counters, err := tx.CreateBucketIfNotExists([]byte("counters"))
			if err != nil {
				return err
			}
			return counters.Put([]byte(ad), plusOne(counters.Get([]byte(ad))))
		})
	}
}

func openBadger(b *testing.B, _ int) func(string) error {
	db, err := badger.Open(badger.DefaultOptions(b.TempDir()).WithSyncWrites(true).WithLogger(nil))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return func(ad string) error {
		return db.Update(func(tx *badger.Txn) error {
			old, err := badgerGet(tx, ad)
			if err != nil {
				return err
			}
			return tx.Set([]byte(ad), plusOne(old))
		})
	}
}

func badgerGet(tx *badger.Txn, ad string) ([]byte, error) {
	item, err := tx.Get([]byte(ad))
	if err == badger.ErrKeyNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return item.ValueCopy(nil)
}

// plusOne returns the number after old; nothing is zero.
func plusOne(old []byte) []byte {
	n := uint64(0)
	if old != nil {
		n = binary.BigEndian.Uint64(old)
	}
	return binary.BigEndian.AppendUint64(nil, n+1)
}

func openMartinelli(b *testing.B, _ int) func(string) error {
	program, err := martinelli.Compile("impressions.mrt", impressions)
	if err != nil {
		b.Fatal(err)
	}
	replica, err := program.Open(context.Background(), martinelli.Dir(b.TempDir()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { replica.Close() })
	return func(ad string) error {
		return replica.Raise(context.Background(), "shown", map[string]string{"ad_id": ad})
	}
}
