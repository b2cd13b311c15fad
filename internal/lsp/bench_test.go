package lsp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// shops is a program of about the given number of lines: every twelve of them
// a database, a handler, an invariant that is judged, and a view of the one before.
func shops(lines int) string {
	var b strings.Builder
	b.WriteString("database :d0, gset<id>, :replicated => true\nview :v0 do d0 end\n")
	for i := 1; 12*i < lines; i++ {
		fmt.Fprintf(&b, `database :d%[1]d, gset<id>, :replicated => true
database :n%[1]d, gcounter, :by => :sku, :replicated => true
on_take%[1]d do |sku: id, n: nat|
  if n > %[1]d and sku in d%[1]d
    n%[1]d[:sku].inc(n)
  end
end
invariant :i%[1]d do |sku in d%[1]d|
  n%[1]d[sku] >= 0
end
view :v%[1]d do v%[2]d.filter do |s| s != "%[1]d" end.union(d%[1]d) end

`, i, i-1)
	}
	return b.String()
}

// BenchmarkEdit is the time from an edit of a file of 1,000 lines to the
// letters that are published of it: of one that is right, of one with a name
// that is unknown, and of one with a line that is half typed.
func BenchmarkEdit(b *testing.B) {
	for _, c := range []struct{ name, line string }{
		{"right", "  let zebra = n"}, {"unknown", "  let zebra = m"}, {"half", "  let zebra = n500."},
	} {
		b.Run(c.name, func(b *testing.B) {
			text := shops(1000)
			at := strings.Index(text, "  if n > 40 ")
			place := utf16.position(token.NewFile("", text), at)
			client := newClient(b)
			client.initialize()
			client.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": wine, "version": 0, "text": text}})
			if p := client.published(wine, nil); len(p.Diagnostics) != 0 {
				b.Fatal(p.Diagnostics)
			}
			end, written, version := place, "", 0
			for b.Loop() {
				version++
				if written == "" {
					written = c.line
				}
				line := fmt.Sprintf("%s # %d", written, version)
				client.notify("textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": wine, "version": version},
					"contentChanges": []any{map[string]any{"range": textRange{place, end}, "text": line + "\n"}}})
				client.published(wine, nil)
				end = position{place.Line + 1, 0}
			}
			client.end()
		})
	}
}
