// Command pages measures a page in a real chromium: what it loads, how soon it
// is there, how fast it writes, and what two pages say to each other with the
// server dead. Beside each stands a bare form of the same, or a peer, of the
// same run:
//
//	cd bench && go run ./pages
//
// It packs and builds what it measures from these sources. It needs Node, npm
// and chromium, as the stories of host/browser/browsertest do.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	if err := measure(); err != nil {
		fmt.Fprintln(os.Stderr, "pages:", err)
		os.Exit(1)
	}
}

func measure() error {
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "martinelli-pages-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	stories := filepath.Join(root, "host", "browser", "browsertest")
	page, martinelli := filepath.Join(dir, "page"), filepath.Join(dir, "martinelli")
	chromium, err := find("chromium", "chromium-browser", "google-chrome")
	if err != nil {
		return err
	}
	for _, c := range [][]string{
		{"go", "run", "./host/browser/pack", "-o", page, filepath.Join(stories, "stories", "site")},
		{"go", "build", "-o", martinelli, "./cmd/martinelli"},
	} {
		if err := run(root, nil, c...); err != nil {
			return err
		}
	}
	for _, packages := range []string{stories, filepath.Join(root, "bench", "peers")} {
		if _, err := os.Stat(filepath.Join(packages, "node_modules")); err == nil {
			continue
		}
		if err := run(packages, nil, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"); err != nil {
			return err
		}
	}
	env := []string{"CHROMIUM=" + chromium, "MARTINELLI=" + martinelli, "PAGE=" + page, "ROOT=" + root}
	for _, figures := range []string{"figures.mjs", "sets.mjs"} {
		if err := run("pages", env, "node", figures); err != nil {
			return err
		}
	}
	return nil
}

func find(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no chromium: apt-get install chromium")
}

func run(dir string, env []string, args ...string) error {
	c := exec.Command(args[0], args[1:]...)
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if args[0] != "node" {
		c.Stdout = os.Stderr
	}
	if err := c.Run(); err != nil {
		return fmt.Errorf("%v: %w", args, err)
	}
	return nil
}
