package native

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"strings"

	"golang.org/x/crypto/blake2b"
)

// This file serves an application's own files: --web DIR.

// web serves the files of a directory, and for any other path that a browser
// would show index.html, so that an application may route by itself.
type web struct {
	root *os.Root
}

// openWeb opens the directory. Nothing outside of it is ever served, whatever a
// path or a symbolic link says.
func openWeb(dir string) (*web, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("--web %s can't be served: %w", dir, err)
	}
	if _, err := root.Stat("index.html"); err != nil {
		root.Close()
		return nil, fmt.Errorf("--web %s has no index.html: build the application first, or name the directory it is built into", dir)
	}
	return &web{root}, nil
}

func (s *web) close() error {
	if s == nil {
		return nil
	}
	return s.root.Close()
}

// encodings are the forms in which a file may stand beside itself, best first.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// types are the media types that a system's table may lack.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8", ".json": "application/json", ".map": "application/json", ".wasm": "application/wasm",
	".webmanifest": "application/manifest+json", ".svg": "image/svg+xml", ".webp": "image/webp", ".avif": "image/avif",
	".woff2": "font/woff2", ".ico": "image/x-icon", ".txt": "text/plain; charset=utf-8",
}

func (s *web) serve(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return serveUnknown(w, r)
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	err := fs.ErrNotExist
	if !isHidden(name) {
		err = s.serveFile(w, r, name)
	}
	if errors.Is(err, fs.ErrNotExist) && isRoute(r, name) {
		err = s.serveFile(w, r, "index.html")
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNoFile) {
		return &httpError{Code: http.StatusNotFound, Text: "the application has no file " + r.URL.Path, Hint: "its files are those of --web"}
	}
	return err
}

// isHidden reports whether a path leads through something that is not for
// others, as .git is. What is well known is.
func isHidden(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") && part != ".well-known" {
			return true
		}
	}
	return false
}

// isRoute reports whether a path that is no file is one of the application's
// own: a browser asks for a document, and the path has no extension.
func isRoute(r *http.Request, name string) bool {
	return path.Ext(name) == "" && strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(name, "v1/")
}

// errNoFile is a directory, or what leads out of the one that is served.
var errNoFile = errors.New("no file")

func (s *web) serveFile(w http.ResponseWriter, r *http.Request, name string) error {
	data, err := s.read(name)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", mediaType(name))
	h.Set("Cache-Control", "no-cache") // asked again each time, and answered by the ETag: an update shows at once
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Service-Worker-Allowed", "/")
	h.Add("Vary", "Accept-Encoding")
	for _, e := range encodings {
		if !accepts(r, e.name) {
			continue
		}
		if packed, err := s.read(name + e.suffix); err == nil {
			h.Set("Content-Encoding", e.name)
			data = packed
			break
		}
	}
	serveBytes(w, r, data)
	return nil
}

// WebFileMax bounds a file that is served: it is read whole.
const WebFileMax = 64 << 20

// read returns the bytes of a file of the directory.
func (s *web) read(name string) ([]byte, error) {
	f, err := s.root.Open(name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			err = errNoFile // it leads outside, or is none that may be read
		}
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fs.ErrNotExist
	case info.Size() > WebFileMax:
		return nil, fmt.Errorf("%s has %d bytes, and %d are served at most", name, info.Size(), WebFileMax)
	}
	return io.ReadAll(io.LimitReader(f, WebFileMax))
}

func mediaType(name string) string {
	ext := strings.ToLower(path.Ext(name))
	if t, ok := types[ext]; ok {
		return t
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return "application/octet-stream"
}

// accepts reports whether a client takes an encoding.
func accepts(r *http.Request, encoding string) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			q := strings.ReplaceAll(quality, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}

// serveBytes answers with bytes, or that the client has them.
func serveBytes(w http.ResponseWriter, r *http.Request, data []byte) {
	sum := blake2b.Sum256(data)
	tag := fmt.Sprintf(`"%x"`, sum[:12])
	w.Header().Set("ETag", tag)
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-cache")
	}
	for known := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if k := strings.TrimPrefix(strings.TrimSpace(known), "W/"); k == tag || k == "*" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	if r.Method != http.MethodHead {
		w.Write(data)
	}
}
