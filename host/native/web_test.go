package native

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWeb: an application's files are served as what they are, and nothing that
// is not one of them.
func TestWeb(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "dist")
	for name, text := range map[string]string{
		"secret": "s3cret", "dist/index.html": "<p>app", "dist/app.js": "let a", "dist/app.js.br": "brotli", "dist/app.js.gz": "gzip",
		"dist/page.wasm": "\x00asm", "dist/sw.js": "sw", "dist/site.webmanifest": "{}", "dist/a/b.css": "p{}", "dist/.git/config": "h1dden", "dist/.env": "h1dden",
	} {
		path := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../secret", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	h := open(t, Config{HTTP: "127.0.0.1:0", Web: dir, Origins: []string{"http://localhost:5173"}})
	get := func(method, path string, headers ...string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequest(method, "http://"+h.HTTPAddr(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Opaque = path // as it is, ".." included
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		a, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		text, _ := io.ReadAll(a.Body)
		return a, string(text)
	}
	html := []string{"Accept", "text/html,*/*", "Accept-Encoding", "identity"}
	for _, c := range []struct {
		path    string
		headers []string
		code    int
		media   string
		want    string
	}{
		{"/", html, 200, "text/html", "<p>app"},
		{"/favorites/7", html, 200, "text/html", "<p>app"},
		{"/favorites/7", []string{"Accept", "application/json"}, 404, "application/json", "no file"},
		{"/app.js", []string{"Accept-Encoding", "gzip, br"}, 200, "text/javascript", "brotli"},
		{"/app.js", []string{"Accept-Encoding", "gzip, br;q=0"}, 200, "text/javascript", "gzip"},
		{"/app.js", []string{"Accept-Encoding", "identity"}, 200, "text/javascript", "let a"},
		{"/page.wasm", html, 200, "application/wasm", "\x00asm"},
		{"/site.webmanifest", html, 200, "application/manifest+json", "{}"},
		{"/a/b.css", html, 200, "text/css", "p{}"},
		{"/a", []string{"Accept-Encoding", "identity"}, 404, "application/json", "no file"},
		{"/link", []string{"Accept-Encoding", "identity"}, 404, "application/json", "no file"},
		{"/%2e%2e/secret", []string{"Accept-Encoding", "identity"}, 404, "application/json", ""},
		{"/..%2fsecret", []string{"Accept-Encoding", "identity"}, 404, "application/json", ""},
		{"/.git/config", []string{"Accept-Encoding", "identity"}, 404, "application/json", "no file"},
		{"/.env", []string{"Accept-Encoding", "identity"}, 404, "application/json", "no file"},
		{"/missing.png", html, 404, "application/json", "no file"},
		{"/v1/nothing", html, 404, "application/json", "there is no GET /v1/nothing"},
		{"/console", html, 200, "text/html", "Martinelli"},
		{"/console.js", html, 200, "text/javascript", ""},
		{"/v1/status", html, 200, "application/json", ""},
	} {
		a, text := get("GET", c.path, c.headers...)
		if a.StatusCode == http.StatusMovedPermanently || a.StatusCode == http.StatusTemporaryRedirect { // of the mux, which cleans a path
			continue
		}
		if a.StatusCode != c.code || !strings.HasPrefix(a.Header.Get("Content-Type"), c.media) || !strings.Contains(text, c.want) || strings.Contains(text, "s3cret") || strings.Contains(text, "h1dden") {
			t.Errorf("%s %q: %d, %s, %.80q", c.path, c.headers, a.StatusCode, a.Header.Get("Content-Type"), text)
		}
	}
	a, _ := get("GET", "/sw.js", html...)
	if a.Header.Get("Service-Worker-Allowed") != "/" || a.Header.Get("Cache-Control") != "no-cache" || a.Header.Get("Cross-Origin-Opener-Policy") != "same-origin" {
		t.Errorf("a service worker comes with %v", a.Header)
	}
	again, text := get("GET", "/sw.js", "If-None-Match", a.Header.Get("ETag"), "Accept-Encoding", "identity")
	if again.StatusCode != http.StatusNotModified || text != "" {
		t.Errorf("what the client has is sent again: %d %q", again.StatusCode, text)
	}
	if a, text := get("HEAD", "/sw.js", html...); a.StatusCode != 200 || text != "" || a.ContentLength != 2 {
		t.Errorf("HEAD: %d, %q, %d", a.StatusCode, text, a.ContentLength)
	}
	if a, _ := get("DELETE", "/sw.js", html...); a.StatusCode != http.StatusNotFound {
		t.Errorf("DELETE: %d", a.StatusCode)
	}
}

// TestOrigins: pages of the origins that are named may speak to a node, others
// may not, and a browser is told so beforehand.
func TestOrigins(t *testing.T) {
	h := open(t, Config{HTTP: "127.0.0.1:0", Origins: []string{"http://localhost:5173"}})
	ask := func(method, origin string) *http.Response {
		r, _ := http.NewRequest(method, "http://"+h.HTTPAddr()+"/v1/status", nil)
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", "GET")
		a, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		a.Body.Close()
		return a
	}
	for origin, want := range map[string][2]int{"http://localhost:5173": {204, 200}, "http://evil.example": {403, 403}} {
		before, then := ask("OPTIONS", origin), ask("GET", origin)
		if before.StatusCode != want[0] || then.StatusCode != want[1] || (then.Header.Get("Access-Control-Allow-Origin") == origin) != (want[1] == 200) {
			t.Errorf("%s: %d, %d %v", origin, before.StatusCode, then.StatusCode, then.Header)
		}
	}
	for _, cfg := range []Config{{HTTP: "127.0.0.1:0", Origins: []string{"wine.example"}}, {HTTP: "127.0.0.1:0", Web: t.TempDir()}, {HTTP: "127.0.0.1:0", Web: "/nowhere"}} {
		if _, err := tryOpen(t, cfg); err == nil || !strings.Contains(err.Error(), "--") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}
