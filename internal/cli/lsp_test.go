package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestLSP speaks with the command as an editor does: letters come, and the
// status says whether goodbye was said.
func TestLSP(t *testing.T) {
	say := func(bodies ...string) string {
		var b strings.Builder
		for _, body := range bodies {
			fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
		}
		return b.String()
	}
	const (
		hello   = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}`
		open    = `{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///nowhere/a.mrt","version":1,"text":"view :v do é end"}}}`
		ask     = `{"jsonrpc":"2.0","id":2,"method":"textDocument/documentSymbol","params":{"textDocument":{"uri":"file:///nowhere/a.mrt"}}}`
		goodbye = `{"jsonrpc":"2.0","id":3,"method":"shutdown"}`
		exit    = `{"jsonrpc":"2.0","method":"exit"}`
	)
	var out, log bytes.Buffer
	status := run(t.Context(), []string{"lsp", "--stdio"}, strings.NewReader(say(hello, open, ask, goodbye, exit)), &out, &log)
	if status != exitOK || !strings.Contains(out.String(), `"name":"v"`) || !strings.Contains(out.String(), `"id":3,"result":null`) {
		t.Error(status, out.String(), log.String())
	}
	if status := run(t.Context(), []string{"lsp"}, strings.NewReader(say(hello)), &out, &log); status != exitWrong {
		t.Error("without goodbye the status is", status)
	}
}
