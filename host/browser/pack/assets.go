package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// gather reads what a page has beside the package: of a folder all that is in
// it, under the names it has there. Its TypeScript is bundled where it stands
// at the top; what lies deeper is taken in by that.
func gather(paths []string) (entries []string, assets []file, err error) {
	for _, path := range paths {
		err := filepath.WalkDir(path, func(at string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if name := d.Name(); strings.HasPrefix(name, ".") {
				return nil
			}
			inside, err := filepath.Rel(path, at)
			if err != nil {
				return err
			}
			if inside == "." {
				inside = filepath.Base(path)
			}
			switch isTop := !strings.Contains(filepath.ToSlash(inside), "/"); {
			case strings.HasSuffix(at, ".d.ts"):
				return nil
			case filepath.Ext(at) == ".ts" || filepath.Ext(at) == ".tsx":
				if isTop {
					entries = append(entries, at)
				}
				return nil
			}
			data, err := os.ReadFile(at)
			assets = append(assets, file{filepath.ToSlash(inside), data})
			return err
		})
		if err != nil {
			return nil, nil, fmt.Errorf("the page's files: %w", err)
		}
	}
	return entries, assets, nil
}

// offline makes the service worker that keeps the files of this pack.
func offline(rooms roomsOf, files []file) (file, error) {
	kept := map[string]string{}
	for _, f := range files {
		if isKept(f.name) {
			kept[f.name] = fmt.Sprintf("%x", sha256.Sum256(f.data))[:16]
		}
	}
	packed, err := json.Marshal(kept) // with its keys in order
	if err != nil {
		return file{}, err
	}
	made, err := esbuild([]string{filepath.Join(rooms.js, "src", "offline.ts")}, map[string]string{"packed": string(packed)})
	if err != nil {
		return file{}, err
	}
	return made[0], nil
}

// isKept reports whether a page that is loaded without a network needs a file.
func isKept(name string) bool {
	return !slices.Contains([]string{".br", ".gz", ".map"}, filepath.Ext(name)) &&
		!strings.HasSuffix(name, ".d.ts") && name != "package.json" && name != "README.md" &&
		!slices.Contains(nodeModules, strings.TrimSuffix(name, ".js"))
}
