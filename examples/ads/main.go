// Command ads is the advertisement counter of the Lasp talk (C. Meiklejohn,
// 2017) on an embedded replica: it loads a million impressions of 500
// advertisements and serves the console.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/internal/client"
	"github.com/schollz/progressbar/v3"
)

//go:embed ads.mrt
var program string

func main() {
	generateTo := flag.String("generate", "", "write the input files into this folder, and end")
	impressions := flag.Int("impressions", 1_000_000, "how many impressions")
	seed := flag.Uint64("seed", 1, "what the generator's die begins with")
	dir := flag.String("dir", filepath.Join(".martinelli", "ads"), "where the replica keeps its data")
	http := flag.String("http", "127.0.0.1:7070", "where the console and the API are")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	var err error
	if *generateTo != "" {
		err = generate(*generateTo, *impressions, *seed)
	} else {
		err = run(ctx, *dir, *http, *impressions, *seed)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ads:", err)
		os.Exit(1)
	}
}

// run opens the replica, loads what it has not loaded yet, and serves until
// ctx ends.
func run(ctx context.Context, dir, http string, impressions int, seed uint64) error {
	compiled, err := martinelli.Compile("ads.mrt", program)
	if err != nil {
		return err
	}
	replica, err := compiled.Open(ctx, martinelli.Dir(dir), martinelli.HTTP(http))
	if err != nil {
		return err
	}
	defer replica.Close()
	address := replica.Host().HTTPAddr()
	fmt.Printf("console: http://%s/\n", address)
	err = fill(ctx, replica, client.New(address), impressions, seed)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Printf("console: http://%s/   (interrupt ends it; started again it goes on with what is in %s)\n", address, dir)
	<-replica.Host().Done()
	return replica.Host().Err()
}

// fill raises the input. Streams make it go on where an earlier run stopped.
func fill(ctx context.Context, replica *martinelli.Replica, node *client.Client, impressions int, seed uint64) error {
	mark, err := node.Mark(ctx, "shown")
	if err != nil {
		return err
	}
	if mark == 0 {
		if err := replica.Raise(ctx, "load", catalogue()); err != nil {
			return err
		}
		if err := replica.Raise(ctx, "sign", contracts()); err != nil {
			return err
		}
	}
	if mark >= uint64(impressions) {
		fmt.Printf("%d impressions were loaded before\n", mark)
		return nil
	}
	lines, writer := io.Pipe()
	go func() { writer.CloseWithError(writeImpressions(writer, impressions, seed)) }()
	defer lines.Close()
	bar := progressbar.Default(int64(impressions), "impressions")
	done, err := node.Load(ctx, "shown", lines, "shown", 0, client.Watcher{
		Progress: func(p client.Progress) { _ = bar.Set64(int64(p.Lines)) }, // the bar is a courtesy
	})
	if err != nil {
		return errors.Join(errors.New("loading impressions"), err)
	}
	fmt.Printf("\n%d impressions committed, %d loaded before\n", done.Committed-done.Duplicates, done.Duplicates)
	return nil
}
