// Package weight guards what the browser pays for the rooms below host.
package weight

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/martinelli-lang/martinelli/internal/slim"
)

// What the program of a page may weigh, compressed with brotli.
// Go's runtime alone with syscall/js is 428 KB of it; the peers whose data
// model can do as much weigh 793 and 841 KB.
const (
	sizeAim = 600 << 10  // where it should be
	sizeMax = 1024 << 10 // what is reached by all of it, with journal, passes, JSON and functions in WebAssembly: this one may only fall
)

// TestSize builds the program of a page, makes it slim as it is served, and
// prints its weight.
func TestSize(t *testing.T) {
	out := filepath.Join(t.TempDir(), "page.wasm")
	if err := slim.Link(out, "../../host/browser/page"); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err = slim.Slim(raw); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w := brotli.NewWriterLevel(&packed, brotli.BestCompression)
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("js/wasm over node: %d KB, %d KB brotli (aim %d)", len(raw)>>10, packed.Len()>>10, sizeAim>>10)
	if packed.Len() > sizeMax {
		t.Errorf("the page weighs %d bytes, over the %d that were reached", packed.Len(), sizeMax)
	}
}
