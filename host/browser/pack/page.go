package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/andybalholm/brotli"

	"github.com/martinelli-lang/martinelli/internal/slim"
)

// pageRoom is the program of the page.
const pageRoom = module + "/host/browser/page"

// buildPage links the node for js/wasm, makes it slim, and compresses it.
func buildPage(rooms roomsOf, quick bool) ([]file, error) {
	cache, err := cacheDir(rooms)
	if err != nil {
		return nil, err
	}
	linked, err := link(cache)
	if err != nil {
		return nil, err
	}
	small, err := slim.Slim(linked)
	if err != nil {
		return nil, err
	}
	zipped, err := kept(cache, "gz", small, gzipped)
	if err != nil {
		return nil, err
	}
	files := []file{{"page.wasm", small}, {"page.wasm.gz", zipped}}
	compress := brotlied
	if quick {
		compress = func([]byte) ([]byte, error) { return nil, nil }
	}
	packed, err := kept(cache, "br", small, compress)
	if packed != nil {
		files = append(files, file{"page.wasm.br", packed})
	}
	return files, err
}

// cacheDir is where what was made for this copy of the sources is kept.
func cacheDir(rooms roomsOf) (string, error) {
	caches, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	name := sha256.Sum256([]byte(rooms.root))
	dir := filepath.Join(caches, "martinelli", "pack", fmt.Sprintf("%x", name[:6]))
	return dir, os.MkdirAll(dir, 0o755)
}

// link builds over a copy of the last program, which Go leaves alone where
// nothing has changed: linking is what takes seconds.
func link(cache string) ([]byte, error) {
	last := filepath.Join(cache, "linked.wasm")
	work, err := os.MkdirTemp(cache, "link-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	next := filepath.Join(work, "linked.wasm")
	if old, err := os.ReadFile(last); err == nil {
		if err := os.WriteFile(next, old, 0o755); err != nil {
			return nil, err
		}
	}
	if err := slim.Link(next, pageRoom); err != nil {
		return nil, err
	}
	program, err := os.ReadFile(next)
	if err != nil {
		return nil, err
	}
	return program, os.Rename(next, last)
}

// kept returns what make gives for data, from the cache where it was made
// before. Of each kind only the last one is kept. Where make gives nil nothing
// is.
func kept(cache, kind string, data []byte, make func([]byte) ([]byte, error)) ([]byte, error) {
	path := filepath.Join(cache, fmt.Sprintf("%x.%s", sha256.Sum256(data), kind))
	if made, err := os.ReadFile(path); err == nil {
		return made, nil
	}
	made, err := make(data)
	if made == nil || err != nil {
		return nil, err
	}
	old, err := filepath.Glob(filepath.Join(cache, "*."+kind))
	if err != nil {
		return nil, err
	}
	for _, name := range old {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return made, replace(path, made)
}

func gzipped(data []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func brotlied(data []byte) ([]byte, error) {
	var out bytes.Buffer
	w := brotli.NewWriterLevel(&out, brotli.BestCompression)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
