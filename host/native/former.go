package native

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// formerRecord is what formerFile holds: whose data the store had before this
// replica id, after a restore or a --new-replica. The node is told, for parts
// of those replicas are this store's own, though it can't sign as them any more.
type formerRecord struct {
	Cluster     string   `json:"cluster"`     // whose data it is: a restored store joins no other
	Incarnation uint64   `json:"incarnation"` // the greatest that was ever used, as far as is known
	Replicas    []string `json:"replicas"`    // ids, and those of the home where this was the first node
}

const formerFile = "former.json"

// formersMax bounds how many former ids are remembered; the oldest go first.
// Whoever takes that many new ids has other worries.
const formersMax = 1024

// loadFormer reads the record; the zero one where there is none.
func loadFormer(f files) (r formerRecord, err error) {
	data, err := f.read(formerFile)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return r, fmt.Errorf("read %s: %w", formerFile, err)
	}
	return r, nil
}

func (r formerRecord) save(f files) error {
	data, err := json.MarshalIndent(r, "", "\t")
	if err == nil {
		err = f.write(formerFile, data)
	}
	if err != nil {
		return fmt.Errorf("keep the former replica ids: %w", err)
	}
	return nil
}

// with returns the record with more ids.
func (r formerRecord) with(ids ...string) formerRecord {
	r.Replicas = slices.Clone(r.Replicas)
	for _, id := range ids {
		if id != "" && !slices.Contains(r.Replicas, id) {
			r.Replicas = append(r.Replicas, id)
		}
	}
	r.Replicas = r.Replicas[max(0, len(r.Replicas)-formersMax):]
	return r
}

// nextIncarnation is for a replica that goes on from a copy. The one that was
// copied may have taken further incarnations since, each greater by one, so
// this one jumps: the home's id is made of it and of a key that both have.
func (r formerRecord) nextIncarnation() uint64 { return r.Incarnation + 1 + rand.Uint64N(1<<48) }

// former returns the ids that the store's data had before, without those of now.
func (id *identity) former() (ids []causal.ReplicaID, err error) {
	r, err := loadFormer(id.files)
	if err != nil {
		return nil, err
	}
	for _, text := range r.Replicas {
		f, err := causal.ParseReplicaID(text)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", formerFile, err)
		}
		if f != id.replica() && f != id.home() {
			ids = append(ids, f)
		}
	}
	return ids, nil
}

// retireSelf notes the ids of now as former ones, before others are taken.
func (id *identity) retireSelf() error {
	r, err := loadFormer(id.files)
	if err != nil {
		return err
	}
	now := []string{id.replica().String()}
	if id.isSteward() {
		now = append(now, id.home().String())
	}
	r.Cluster, r.Incarnation = id.cluster(), max(r.Incarnation, id.kept().Incarnation)
	return r.with(now...).save(id.files)
}

// restoredFrom refuses what a directory that was restored may not do: begin a
// cluster of its own over another one's data, or join a third.
func restoredFrom(f files, cfg *Config) error {
	r, err := loadFormer(f)
	if err != nil || r.Cluster == "" {
		return err
	}
	if cfg.Join == "" {
		return fmt.Errorf("%s was restored from a backup and is no member of its cluster yet: start it once with --join HOST:PORT --token T, "+
			"with a token of the first node (martinelli token)", cfg.Dir)
	}
	t, err := parseToken(cfg.Token)
	if err != nil {
		return err
	}
	if t.authority.String() != r.Cluster {
		return fmt.Errorf("%s was restored from a backup of cluster %.16s, and the token is for cluster %.16s: ask for a token there", cfg.Dir, r.Cluster, t.authority)
	}
	return nil
}

// home returns the home partition's replica id.
func (id *identity) home() causal.ReplicaID {
	key := id.homeKey()
	return key.ID()
}
