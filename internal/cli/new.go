package cli

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// template is what a new program begins as. NAME stands for the folder.
//
//go:embed template
var template embed.FS

func newCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "new NAME",
		Short: "Make a folder with a program that runs and has a test",
		Long: `Make a folder with a program that runs: a board of notes in main.mrt, its nodes in
main.topology, and a README of a screen. NAME may be a path; its last word is the name:
letters, digits, - and _, a letter first.`,
		Example: `  martinelli new board`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			folder := filepath.Clean(args[0])
			if err := nameable(folder); err != nil {
				return usageError{err}
			}
			if err := plant(folder); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), `%[1]s is a program that runs. Next:
  martinelli test %[1]s
  martinelli repl %[1]s
  martinelli run %[1]s
`, folder)
			return err
		},
	}
}

// nameMax bounds a name, in bytes.
const nameMax = 64

// nameable says what is wrong with the name of a new folder.
func nameable(folder string) error {
	name := filepath.Base(folder)
	if isName(name) {
		return nil
	}
	better := strings.Map(func(r rune) rune {
		switch {
		case isLetter(r) || isMark(r):
			return r
		case r == ' ' || r == '.':
			return '-'
		}
		return -1
	}, strings.ToLower(name))
	better = strings.Trim(better, "-_0123456789")
	if better = better[:min(len(better), nameMax)]; better == "" {
		better = "board"
	}
	return fmt.Errorf("%q is no name for a program: letters, digits, - and _, a letter first, at most %d; for example: martinelli new %s",
		name, nameMax, filepath.Join(filepath.Dir(folder), better))
}

func isName(name string) bool {
	for i, r := range name {
		if !isLetter(r) && (i == 0 || !isMark(r)) {
			return false
		}
	}
	return name != "" && len(name) <= nameMax
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

func isMark(r rune) bool { return '0' <= r && r <= '9' || r == '-' || r == '_' }

// plant writes the template into a folder that was not there before.
func plant(folder string) error {
	switch err := os.Mkdir(folder, 0o755); {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s is there already, and is left alone: take another name, or look at it with martinelli check %s", folder, folder)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the folder for it is not there: mkdir -p %s, then say this again", filepath.Dir(folder))
	case err != nil:
		return err
	}
	return fs.WalkDir(template, "template", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := template.ReadFile(path)
		if err != nil {
			return err
		}
		written := strings.ReplaceAll(string(text), "NAME", folder)
		return os.WriteFile(filepath.Join(folder, filepath.Base(path)), []byte(written), 0o644)
	})
}
