package native

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/martinelli-lang/martinelli/store"
)

const diaries = kept + `
database :diary, lww<string>, :by => [:day, :hour], :replicated => :day
on_write do |day: id, hour: id, text: string| diary[:day, :hour].set(text) end
`

const kept = `
database :board, set<string>, :replicated => true
on_post do |word: string| board.add(word) end
`

// TestDropGivesSpaceBack: a dropped database is gone from the state, the
// checkpoints and the log on the disk, and what they took can be used again.
// The figures of docs/figures.md are what it says with MARTINELLI_SOAK=1.
func TestDropGivesSpaceBack(t *testing.T) {
	hours := 400
	if soak {
		hours = 10_000
	}
	const days = 10
	h := open(t, Config{Dir: t.TempDir(), HTTP: "127.0.0.1:0", Program: compile(t, diaries), FinalAfter: 50 * time.Millisecond})
	var lines strings.Builder
	for i := range days * hours {
		fmt.Fprintf(&lines, `{"day":"d%d","hour":"h%d","text":"dear diary, %d is the number of the day"}`+"\n", i%days, i/days, i)
	}
	code, text, _ := do(t, h, "POST", "/v1/load/write?stream=s", lines.String(), map[string]string{"Content-Type": "application/x-ndjson"})
	if code != 200 || !strings.Contains(text, fmt.Sprintf(`"committed":%d`, days*hours)) {
		t.Fatalf("%d: %s", code, text)
	}
	do(t, h, "POST", "/v1/raise/post", `{"word":"welcome"}`, map[string]string{"Content-Type": "application/json"})
	h.awaitTraces("p", "dear diary", 0)
	h.Close()
	before, size := compacted(t, h.cfg.Dir)
	if before["dear diary"] != days*hours {
		t.Fatalf("%d records say what was written", before["dear diary"])
	}

	h = again(t, h, func(cfg *Config) { cfg.Program, cfg.FinalAfter = compile(t, kept), 50*time.Millisecond })
	d, err := h.Drop(context.Background(), "diary")
	if err != nil || d.Entries != days*hours || d.Spaces != days || d.IsMore {
		t.Fatalf("dropped %+v, %v", d, err)
	}
	h.awaitTraces("eg", "dear diary", 0)
	h.Close()
	idle := tables(t, h.cfg.Dir)
	after, left := compacted(t, h.cfg.Dir)
	t.Logf("%d entries, %d bytes of keys and values; tables of %d bytes before, %d after the drop, %d compacted", d.Entries, d.Bytes, size, idle, left)
	if after["dear diary"] != 0 || after["welcome"] == 0 || left > size/4 {
		t.Errorf("%d records of what was dropped are left, %d of what was not; %d of %d bytes", after["dear diary"], after["welcome"], left, size)
	}
}

// awaitTraces waits until so many records of some kinds say some words.
func (h *testHost) awaitTraces(kinds, said string, want int) {
	h.t.Helper()
	got := -1
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
		got = 0
		for _, kind := range []byte(kinds) {
			got += traces(h.t, h.disk, kind, said)
		}
		if got == want {
			return
		}
	}
	h.t.Fatalf("%d records of the kinds %s say %q", got, kinds, said)
}

// traces counts the records of a kind that say some words.
func traces(t *testing.T, d store.Disk, kind byte, said string) (count int) {
	t.Helper()
	err := d.Scan([]byte{kind}, []byte{kind + 1}, func(_, value []byte) bool {
		if bytes.Contains(value, []byte(said)) {
			count++
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// compacted compacts the store in a directory. It returns how many records say
// some words, and the bytes of its tables.
func compacted(t *testing.T, dir string) (records map[string]int, size int64) {
	t.Helper()
	d, err := openDisk(dir, diskOptions{fs: vfs.Default, log: silent})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.db.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := d.db.Compact(t.Context(), []byte{recordPrefix}, []byte{recordPrefix + 1}, false); err != nil {
		t.Fatal(err)
	}
	records = map[string]int{}
	for kind := range byte(0xff) {
		for _, said := range []string{"dear diary", "welcome"} {
			records[said] += traces(t, d, kind, said)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return records, tables(t, dir)
}
