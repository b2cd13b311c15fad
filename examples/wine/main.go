// Command wine is the wine recommender of the Martinelli talk: a server on an
// embedded replica, and the application that it serves to browsers.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/examples/wine/catalogue"
	"github.com/martinelli-lang/martinelli/host/native"
)

func main() {
	module := flag.String("build", "", "build the functions of the programs into this file, and end")
	site := flag.String("site", "", "build what browsers are served into this folder, and end")
	version := flag.Int("version", 2, "of the program: 1 computes at the server alone, 2 on every device")
	dir := flag.String("dir", "", "where the replica keeps its data; by default .martinelli/wine, and wine1 for version 1")
	http := flag.String("http", "127.0.0.1:7070", "where the application, the console and the API are")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	var err error
	switch {
	case *module != "":
		err = buildModule(ctx, *module)
	case *site != "":
		_, err = build(ctx, *site)
	case *version != 1 && *version != 2:
		err = errors.New("there are the versions 1 and 2")
	default:
		err = run(ctx, *version, *dir, *http)
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "wine:", err)
		os.Exit(1)
	}
}

// build builds functions and pages, and returns the folder of the programs
// with their functions beside them. It keeps them where this system keeps caches.
func build(ctx context.Context, site string) (programs string, err error) {
	caches, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", "github.com/martinelli-lang/martinelli/examples/wine").Output()
	if err != nil {
		return "", fmt.Errorf("find the sources of the example, which run where Go finds the repository's module: %w", err)
	}
	source := strings.TrimSpace(string(out))
	cache := cacheOf(caches, source)
	programs = filepath.Join(cache, "programs")
	if err := copyPrograms(source, programs); err != nil {
		return "", err
	}
	module := filepath.Join(programs, moduleName)
	if err := buildModule(ctx, module); err != nil {
		return "", err
	}
	assets := filepath.Join(cache, "assets")
	if err := buildAssets(assets, markOf()); err != nil {
		return "", err
	}
	if site == "" {
		site = siteOf(programs)
	}
	return programs, buildSite(ctx, site, filepath.Join(source, "web"), assets, module)
}

// cacheOf is where what is built of these sources is kept: two copies of them do
// not write over each other's.
func cacheOf(caches, source string) string {
	name := sha256.Sum256([]byte(source))
	return filepath.Join(caches, "martinelli", "wine", fmt.Sprintf("%x", name[:6]))
}

func siteOf(programs string) string { return filepath.Join(filepath.Dir(programs), "site") }

// markOf tells this program apart from others that draw otherwise.
func markOf() string {
	self, err := os.Executable()
	if err != nil {
		return "unknown"
	}
	info, err := os.Stat(self)
	if err != nil {
		return "unknown"
	}
	return fmt.Sprint(info.Size(), assetsVersion)
}

// assetsVersion counts changes of what is drawn that leave this program as
// large as it was.
const assetsVersion = 1

// copyPrograms copies the programs of a folder, and of v1 in it.
func copyPrograms(from, to string) error {
	for _, folder := range []string{".", "v1"} {
		files, err := filepath.Glob(filepath.Join(from, folder, "*.mrt"))
		if err == nil {
			err = os.MkdirAll(filepath.Join(to, folder), 0o755)
		}
		if err != nil {
			return err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err == nil {
				err = os.WriteFile(filepath.Join(to, folder, filepath.Base(file)), text, 0o644)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// run builds what is to be built, opens the server and serves until ctx ends.
func run(ctx context.Context, version int, dir, http string) error {
	fmt.Println("building the functions and the pages (a minute the first time)")
	programs, err := build(ctx, "")
	if err != nil {
		return err
	}
	name, folder := "wine", programs
	if version == 1 {
		name, folder = "wine1", filepath.Join(programs, "v1")
	}
	if dir == "" {
		dir = filepath.Join(".martinelli", name)
	}
	replica, err := martinelli.Open(ctx, folder, martinelli.Dir(dir), martinelli.HTTP(http), func(c *native.Config) {
		c.Web, c.Login = siteOf(programs), native.OpenLogin
	})
	if err != nil {
		return err
	}
	defer replica.Close()
	if err := stock(ctx, replica); err != nil {
		return err
	}
	fmt.Printf("version %d: http://%s/   its console: http://%[2]s/console\n", version, replica.Host().HTTPAddr())
	fmt.Printf("(interrupt ends it; the pages go on without it. Started again it goes on with what is in %s)\n", dir)
	<-replica.Host().Done()
	return replica.Host().Err()
}

// wine is a wine as the programs have it.
type wine struct {
	ID      string `json:"id"`
	Estate  string `json:"estate"`
	Grape   string `json:"grape"`
	Place   string `json:"place"`
	Vintage int    `json:"vintage"`
	Cents   int    `json:"cents"`
}

// stock fills catalogue and shop, once.
func stock(ctx context.Context, replica *martinelli.Replica) error {
	var there []wine
	if err := replica.Read(ctx, "wines", &there); err != nil || len(there) > 0 {
		return err
	}
	type delivery struct {
		Wine wine `json:"wine"`
		Qty  int  `json:"qty"`
	}
	var batch []delivery
	for _, w := range catalogue.All() {
		batch = append(batch, delivery{wine{w.ID, w.Estate, w.Grape, w.Place, w.Vintage, w.Cents}, w.Stock})
	}
	return replica.Raise(ctx, "load", map[string]any{"batch": batch})
}
