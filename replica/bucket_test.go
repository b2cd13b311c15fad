package replica_test

import (
	"bytes"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/crdt"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

// sampleBucket has entries at both ends of a bucket, of two databases.
func sampleBucket() (causal.BucketName, []crdt.Live) {
	name := causal.BucketName{Replica: author(1), Number: 2}
	entry := func(seq uint64, offset uint32, stamp causal.Stamp, database, key, value string) crdt.Live {
		return crdt.Live{
			ID:    causal.EntryID{Dot: causal.Dot{Replica: name.Replica, Seq: seq}, Offset: offset},
			Entry: crdt.Entry{Entry: causal.Entry{Database: database, Key: key, Value: value}, Stamp: stamp},
		}
	}
	return name, []crdt.Live{
		entry(513, 0, 1<<40, "words", "k", "v"), entry(513, 2, 1<<40, "seen", "", "2"), entry(768, 1<<20, 1<<39, "words", "k2", ""),
	}
}

func TestFrozenBucket(t *testing.T) {
	name, entries := sampleBucket()
	wiretest.Frozen(t, "checkpoint.bucket", entries,
		func(list []crdt.Live) []byte { return replica.AppendBucket(nil, name, list) },
		func(b []byte) ([]crdt.Live, error) { return replica.DecodeBucket(name, b) })
}

// FuzzDecodeBucket: what is read of a bucket has one form, and is within it.
func FuzzDecodeBucket(f *testing.F) {
	name, entries := sampleBucket()
	f.Add(replica.AppendBucket(nil, name, entries))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := replica.DecodeBucket(name, body)
		if err != nil {
			return
		}
		for _, e := range list {
			if e.ID.Replica != name.Replica || causal.BucketOf(e.ID.Seq) != name.Number {
				t.Fatalf("%v is not of the bucket", e.ID)
			}
		}
		again := replica.AppendBucket(nil, name, list)
		if !bytes.Equal(again, body) {
			t.Fatalf("%x is written again as %x", body, again)
		}
	})
}
