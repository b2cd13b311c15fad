package native

import (
	"embed"
	"net/http"
)

//go:embed console/index.html console/console.css console/console.js
var consoleFiles embed.FS

// consolePolicy lets the console load its own two files and speak with its own
// node, and nothing else.
const consolePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// console serves one file of the live page. The page is plain HTML, CSS and
// JavaScript: what it shows comes over /v1/watch.
func console(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", consolePolicy)
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, consoleFiles, "console/"+name)
	})
}
