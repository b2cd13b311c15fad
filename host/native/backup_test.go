package native

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/martinelli-lang/martinelli/algebra/causal"
)

func takeBackup(t *testing.T, h *testHost) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := h.Backup(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestBackupOfARunningNode: a backup that is taken while commits come in has
// all that were acknowledged before, and ends at a group commit. No key and no
// secret is in it.
func TestBackupOfARunningNode(t *testing.T) {
	a, b := pair(t)
	b.shown("a1")
	stop, stopped := make(chan struct{}), make(chan int64)
	go func() {
		var n int64
		for ; ; n++ {
			select {
			case <-stop:
				stopped <- n
				return
			default:
				b.shown("a2")
			}
		}
	}()
	for range 5 {
		atLeast := b.count("a2")
		archive := takeBackup(t, b)
		dir := t.TempDir() + "/new/"
		token, err := a.NewToken(0)
		if err != nil {
			t.Fatal(err)
		}
		info, err := Restore(context.Background(), RestoreConfig{From: bytes.NewReader(archive), Dir: dir, Name: "carl", Join: a.LinkAddr(), Token: token})
		if err != nil {
			t.Fatal(err)
		}
		d := mustOpenDisk(t, vfs.Default, dir)
		if d.log.Number != info.Writes || info.Replica != b.Self().String() {
			t.Errorf("the store ends at write %d; the backup says %+v", d.log.Number, info)
		}
		d.Close()
		c := open(t, Config{Name: "carl", Dir: dir, Listen: "127.0.0.1:0"})
		if got := c.count("a2"); got < atLeast || c.count("a1") != 1 {
			t.Errorf("the backup has %d impressions, %d were there before", got, atLeast)
		}
		former, err := c.identity.former()
		if err != nil || !slices.Equal(former, []causal.ReplicaID{b.Self()}) || c.Self() == b.Self() {
			t.Errorf("its former ids are %v, %v; it took the place of %v", former, err, b.Self())
		}
		for _, secret := range []string{"PRIVATE KEY", b.identity.secret, string(b.identity.key.Seed())} {
			if bytes.Contains(archive, []byte(secret)) {
				t.Error("a secret is in the backup")
			}
		}
		c.Close()
	}
	close(stop)
	if n := <-stopped; n == 0 {
		t.Error("nothing was written meanwhile")
	}
}

// TestRestoreTheFirstNode: with the cluster's keys, a first node that is gone
// comes back under another id, with another id of the home.
func TestRestoreTheFirstNode(t *testing.T) {
	a, b := pair(t)
	b.shown("a1")
	a.awaitCount("a1", 1)
	archive, self, home := takeBackup(t, a), a.Self(), a.identity.home()
	keys, err := AuthorityKeys(a.cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	at := a.LinkAddr()
	a.Close()
	dir := t.TempDir() + "/again"
	if _, err := Restore(context.Background(), RestoreConfig{From: bytes.NewReader(archive), Dir: dir, Keys: keys}); err != nil {
		t.Fatal(err)
	}
	c := again(t, a, func(cfg *Config) { cfg.Dir, cfg.Listen = dir, at })
	if c.Self() == self || c.identity.home() == home || !c.identity.isSteward() || c.Founded() {
		t.Errorf("it is %v with home %v", c.Self(), c.identity.home())
	}
	b.log.await(t, "id="+c.Self().Short())
	c.shown("a1")
	b.awaitCount("a1", 2)
	b.shown("a1")
	c.awaitCount("a1", 3)
	// One more id is one more former one.
	last := c.Self()
	c.Close()
	c = again(t, c, func(cfg *Config) { cfg.NewReplica = true })
	former, err := c.identity.former()
	if err != nil || !slices.Contains(former, self) || !slices.Contains(former, home) || !slices.Contains(former, last) || len(former) != 4 {
		t.Errorf("its former ids are %v, %v", former, err)
	}
}

func TestBackupIsRefused(t *testing.T) {
	h := open(t, Config{HTTP: "127.0.0.1:0"})
	if err := h.Backup(context.Background(), &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("of a node in memory: %v", err)
	}
	h = open(t, Config{Dir: t.TempDir(), HTTP: "127.0.0.1:0"})
	if code, text, _ := do(t, h, "POST", "/v1/admin/backup", "", nil); code != http.StatusUnauthorized {
		t.Errorf("without the secret: %d %s", code, text)
	}
	h.backups <- struct{}{}
	secret := map[string]string{"Authorization": "Bearer " + h.identity.secret}
	if code, text, _ := do(t, h, "POST", "/v1/admin/backup", "", secret); code != http.StatusConflict || !strings.Contains(text, "another backup") {
		t.Errorf("two at a time: %d %s", code, text)
	}
	<-h.backups
	if code, text, _ := do(t, h, "POST", "/v1/admin/backup", "", secret); code != 200 {
		t.Errorf("of a node where nobody did anything yet: %d %s", code, text)
	}
}

// TestDamagedBackup cuts a backup anywhere, and changes any of its bytes: it is
// refused, or restores what was in it.
func TestDamagedBackup(t *testing.T) {
	h := open(t, Config{Dir: t.TempDir()})
	h.shown("a1")
	archive := takeBackup(t, h)
	want := map[string]string{}
	if _, err := ReadBackup(bytes.NewReader(archive), keepIn(want)); err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 6))
	step := 97
	if soak {
		step = 1
	}
	for at := 0; at <= bytes.LastIndexByte(archive, '}'); at += step { // padding comes behind
		if _, err := ReadBackup(bytes.NewReader(archive[:at]), nil); err == nil {
			t.Errorf("cut off at %d of %d it is taken for whole", at, len(archive))
		}
		changed := bytes.Clone(archive)
		changed[at] ^= 1 << rnd.IntN(8)
		got := map[string]string{}
		if _, err := ReadBackup(bytes.NewReader(changed), keepIn(got)); err == nil && fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("with a bit flipped at %d it is taken for whole", at)
		}
	}
}

// keepIn keeps the files of a backup in a map.
func keepIn(files map[string]string) func(string) (io.WriteCloser, error) {
	return func(name string) (io.WriteCloser, error) {
		return &keptFile{keep: func(text string) { files[name] = text }}, nil
	}
}

type keptFile struct {
	bytes.Buffer
	keep func(string)
}

func (f *keptFile) Close() error {
	f.keep(f.String())
	return nil
}

// TestPowerCutUnderARestore: after a power cut the directory is not there, or whole.
func TestPowerCutUnderARestore(t *testing.T) {
	h := open(t, Config{Dir: "node", FS: vfs.NewMem()})
	h.shown("a1")
	archive := takeBackup(t, h)
	keys, err := authorityText(h.identity.authority)
	if err != nil {
		t.Fatal(err)
	}
	c := newCutFS(vfs.NewMem())
	if _, err := Restore(context.Background(), RestoreConfig{From: bytes.NewReader(archive), Dir: "new", FS: c, Keys: keys}); err != nil {
		t.Fatal(err)
	}
	c.ack(1)
	rnd := rand.New(rand.NewPCG(2, 6))
	for n := range len(c.ops) + 1 {
		left, acked := c.cut(t, n, cutModes[n%len(cutModes)], rnd)
		if _, err := left.Stat("new"); errors.Is(err, fs.ErrNotExist) && acked == 0 {
			continue
		}
		r := open(t, Config{Dir: "new", FS: left})
		if got := r.count("a1"); got != 1 || r.Founded() {
			t.Fatalf("cut after %d of %d operations: %d impressions", n, len(c.ops), got)
		}
		r.Close()
	}
}
