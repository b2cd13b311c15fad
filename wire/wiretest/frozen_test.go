package wiretest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

// TestEveryFrozenFileIsRead: bytes that no test reads hold nobody to anything,
// and each page of docs/wire has some, but for letters between two halves of
// one program.
func TestEveryFrozenFileIsRead(t *testing.T) {
	root := wiretest.Root(t)
	tests := sources(t, root)
	files, err := os.ReadDir(filepath.Join(root, wiretest.Dir))
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]bool{}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".hex") // archives are named whole
		if !strings.Contains(tests, `"`+name+`"`) {
			t.Errorf("no test reads %s", f.Name())
		}
		page, _, _ := strings.Cut(name, ".")
		pages[page] = true
	}
	docs, err := filepath.Glob(filepath.Join(root, "docs/wire/*.md"))
	if err != nil || len(docs) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, doc := range docs {
		page := strings.TrimSuffix(filepath.Base(doc), ".md")
		if page != "README" && page != "mailbox" && !pages[page] {
			t.Errorf("nothing of docs/wire/%s.md is frozen in %s", page, wiretest.Dir)
		}
	}
}

// sources returns the text of all tests of the module.
func sources(t *testing.T, root string) string {
	var all strings.Builder
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case strings.HasSuffix(path, "_test.go"):
			text, err := os.ReadFile(path)
			all.Write(text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
