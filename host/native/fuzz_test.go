package native

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func FuzzDecodePreface(f *testing.F) {
	p := preface{nonce: [16]byte{1, 2}, incarnation: 3, epoch: 4, hello: []byte("hello")}
	f.Add(p.appendTo(nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodePreface(b)
		if err == nil && !bytes.Equal(p.appendTo(nil), b) {
			t.Errorf("%x is read as %+v, which is written otherwise", b, p)
		}
	})
}

func FuzzParseToken(f *testing.F) {
	f.Add(token{}.String())
	f.Add("mt")
	f.Fuzz(func(t *testing.T, s string) {
		k, err := parseToken(s)
		if err != nil {
			return
		}
		again, err := parseToken(k.String())
		if err != nil || again != k {
			t.Errorf("%q is read as %v, and that as %v, %v", s, k, again, err)
		}
	})
}

// FuzzReadLine compares with the lines of a text that fits into memory.
func FuzzReadLine(f *testing.F) {
	f.Add("a\nb", 3)
	f.Add("\n\r\n\n", 1)
	f.Add(strings.Repeat("x", 100)+"\ny", 16)
	f.Fuzz(func(t *testing.T, text string, size int) {
		r := bufio.NewReaderSize(strings.NewReader(text), max(16, min(size, 1<<10)))
		want := strings.Split(text, "\n")
		if want[len(want)-1] == "" {
			want = want[:len(want)-1]
		}
		for i := 0; ; i++ {
			line, err := readLine(r)
			if err == io.EOF {
				if i != len(want) {
					t.Errorf("%d lines, want %d", i, len(want))
				}
				return
			}
			if i >= len(want) {
				t.Fatalf("line %d of %d: %q, %v", i+1, len(want), line, err)
			}
			if errors.Is(err, errLong) != (len(want[i]) >= BodySizeMax) && len(want[i]) != BodySizeMax {
				t.Fatalf("line %d has %d bytes: %v", i+1, len(want[i]), err)
			}
			if err == nil && string(line) != strings.TrimRight(want[i], "\r") {
				t.Fatalf("line %d is %q, want %q", i+1, line, want[i])
			}
		}
	})
}

// FuzzReadBackup: an archive is taken for whole only if it is one.
func FuzzReadBackup(f *testing.F) {
	fs := vfs.NewMem()
	if err := fs.MkdirAll("backup", 0o700); err != nil {
		f.Fatal(err)
	}
	if err := replaceFile(fs, "backup/000001.log", []byte("a log")); err != nil {
		f.Fatal(err)
	}
	var whole bytes.Buffer
	if err := writeBackup(&whole, fs, "backup", BackupInfo{Head: strings.Repeat("00", 32)}); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add(whole.Bytes()[:1500])
	f.Add(bytes.Replace(whole.Bytes(), []byte("000001.log"), []byte("../../evil"), 1))
	f.Fuzz(func(t *testing.T, archive []byte) {
		got := map[string]string{}
		_, err := ReadBackup(bytes.NewReader(archive), keepIn(got))
		for name := range got {
			if strings.ContainsAny(name, "/\\") || name == ".." {
				t.Fatalf("a file goes to %q (%v)", name, err)
			}
		}
	})
}
