package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/format"
	"github.com/martinelli-lang/martinelli/lang/token"
	"github.com/spf13/cobra"
)

func fmtCommand() *cobra.Command {
	var check bool
	c := &cobra.Command{
		Use:   "fmt FILE...",
		Short: "Write programs and topologies in the one style of the language",
		Long: `Write programs and topologies in the one style of the language, in place, and
print the names of those that changed. FILE is a .mrt or .topology file, a folder,
which stands for those files in it, or -, which formats the input to the output.

The style is indentation, blanks, columns and where a long line is broken. What
you decide is kept: comments, single blank lines, which blocks stand on one line,
and the lines you ended behind a comma or operator or before a dot. The program
means the same. A file that can't be read is left alone and its letters are
printed; the others are formatted all the same.

Exit status 0 where every file is formatted, 1 where one can't be or, with
--check, would change.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f := formatter{check: check, in: cmd.InOrStdin(), out: cmd.OutOrStdout(), err: cmd.ErrOrStderr()}
			if slices.Contains(args, "-") && len(args) > 1 {
				return usageError{errors.New("- formats the input to the output, and stands alone")}
			}
			if args[0] == "-" {
				return f.stream()
			}
			return f.paths(args)
		},
	}
	c.Flags().BoolVar(&check, "check", false, "change nothing; only tell which files would change")
	return c
}

// formatter formats the files of one command line.
type formatter struct {
	check    bool
	in       io.Reader
	out, err io.Writer
	failed   bool // a file was left alone, or with check would change
}

// stream formats the input to the output. With check it only tells.
func (f *formatter) stream() error {
	before, err := io.ReadAll(io.LimitReader(f.in, token.SizeMax+1))
	if err != nil {
		return fmt.Errorf("the input: %w", err)
	}
	after, err := f.format("the input", before)
	switch {
	case err != nil:
		return err
	case !f.check:
		_, err = f.out.Write(after)
		return err
	case !bytes.Equal(before, after):
		return errTold
	}
	return nil
}

// paths formats files and the files of folders. One that fails does not keep
// the others from being formatted.
func (f *formatter) paths(paths []string) error {
	for _, path := range paths {
		files, err := sourceFiles(path)
		if err != nil {
			f.fail(err)
		}
		for _, file := range files {
			if err := f.file(file); err != nil {
				f.fail(err)
			}
		}
	}
	if f.failed {
		return errTold
	}
	return nil
}

// fail tells of an error that was not told yet.
func (f *formatter) fail(err error) {
	f.failed = true
	if !errors.Is(err, errTold) {
		fmt.Fprintln(f.err, "martinelli:", err)
	}
}

// sourceFiles lists the files a path stands for.
func sourceFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("no file there: %w", err)
	}
	if !info.IsDir() {
		if !isSource(path) {
			return nil, fmt.Errorf("%s is neither a .mrt nor a .topology file", path)
		}
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && isSource(e.Name()) {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has no .mrt and no .topology file", path)
	}
	return files, nil
}

func isSource(path string) bool {
	return filepath.Ext(path) == ".mrt" || filepath.Ext(path) == ".topology"
}

// file formats one file, and prints its name if that changes it.
func (f *formatter) file(path string) error {
	before, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	after, err := f.format(path, before)
	if err != nil || bytes.Equal(before, after) {
		return err
	}
	if f.check {
		f.failed = true
	} else if err := replace(path, after); err != nil {
		return fmt.Errorf("%s is left as it was: %w", path, err)
	}
	_, err = fmt.Fprintln(f.out, path)
	return err
}

// format formats a text. One that can't be read has its letters printed.
func (f *formatter) format(name string, text []byte) ([]byte, error) {
	after, letters, err := format.Source(token.NewFile(name, string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(letters) > 0 {
		if err := (diag.Renderer{Color: isTerminal(f.err)}).Render(f.err, letters); err != nil {
			return nil, err
		}
		return nil, errTold
	}
	return []byte(after), nil
}

// replace gives a file another content at once: whoever reads it sees all of
// the old or all of the new. Its mode stays; what a link points to is replaced, not the link.
func replace(path string, content []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o222 == 0 {
		return &fs.PathError{Op: "write", Path: path, Err: fs.ErrPermission}
	}
	next, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = next.Write(content)
	err = errors.Join(err, next.Chmod(info.Mode().Perm()), next.Sync(), next.Close())
	if err == nil {
		err = os.Rename(next.Name(), path)
	}
	if err != nil {
		os.Remove(next.Name())
	}
	return err
}
