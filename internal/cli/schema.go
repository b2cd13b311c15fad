package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/spf13/cobra"
)

func schemaCommand() *cobra.Command {
	var check bool
	c := &cobra.Command{
		Use:   "schema PROGRAM",
		Short: "Write down how a program's databases are stored",
		Long: `Write the types of the program's databases as the compiler decided them, and its
invariants, into its lock: schema.lock in the program's folder, or NAME.schema.lock
beside NAME.mrt. Keep it with the program.

From then on a program that would read what is stored as something else is refused
on the line that changes it; ":was => :old" is the way to another type. Writing the
lock again says two things: that a new invariant is kept by every program that still
runs, and that what the program no longer names is forgotten.

Exit status 0 where the lock says what the program is, 1 where the program is wrong
or, with --check, the lock would change.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, letters, err := martinelli.SchemaOf(args[0])
			if err != nil {
				return err
			}
			if len(letters) > 0 {
				if err := (diag.Renderer{Color: isTerminal(cmd.ErrOrStderr())}).Render(cmd.ErrOrStderr(), letters); err != nil {
					return err
				}
			}
			if s == nil {
				return errTold
			}
			return writeSchema(cmd, s, check)
		},
	}
	c.Flags().BoolVar(&check, "check", false, "change nothing; only tell whether the lock would change")
	return c
}

// writeSchema writes the lock and says what is another than before.
func writeSchema(cmd *cobra.Command, s *martinelli.Schema, check bool) error {
	out := cmd.OutOrStdout()
	if s.Before == s.Text {
		_, err := fmt.Fprintln(out, s.File, "is up to date")
		return err
	}
	for _, line := range schemaChanges(s) {
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	if check {
		fmt.Fprintf(out, "%s would change\n", s.File)
		return errTold
	}
	if _, err := os.Stat(s.File); errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(s.File, nil, 0o644); err != nil {
			return err
		}
	}
	if err := replace(s.File, []byte(s.Text)); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, s.File, "is written")
	return err
}

// schemaChanges tells what comes and what goes, a line for each.
func schemaChanges(s *martinelli.Schema) (lines []string) {
	before, err := plan.ParseLock(s.Before)
	if err != nil {
		before = &plan.Lock{}
	}
	after, err := plan.ParseLock(s.Text)
	if err != nil {
		return nil // what was just written is read
	}
	for _, d := range after.Databases {
		if _, known := before.Database(d.Name); !known {
			lines = append(lines, "new: database "+d.Name+", "+d.Stored().String())
		}
	}
	for _, d := range before.Databases {
		if _, kept := after.Database(d.Name); !kept {
			lines = append(lines, "gone: database "+d.Name+"; `martinelli drop "+d.Name+"` removes what is stored")
		}
	}
	for _, v := range after.Invariants {
		if old, known := before.Invariant(v.Name); !known || old.Cond != v.Cond {
			lines = append(lines, "new: invariant "+v.Name)
		}
	}
	for _, v := range before.Invariants {
		if _, kept := after.Invariant(v.Name); !kept {
			lines = append(lines, "gone: invariant "+v.Name)
		}
	}
	return lines
}
