package lang

import (
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/judge"
	"github.com/martinelli-lang/martinelli/lang/mode"
	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/types"
	"github.com/martinelli-lang/martinelli/plan"
)

// Insight is a program as far as the compiler understands it, whatever is wrong
// with it: for who asks about a part of it, as an editor does.
type Insight struct {
	Files    []*syntax.File    // in the order of their names
	Roles    *syntax.Topology  // the topology as written; nil where there is none
	Topology *resolve.Topology // the usual one where there is none, or where it has a mistake

	Letters []diag.Diagnostic // those of Judge
	Report  *judge.Report     // of Judge

	// Judged is the program, or its rest without what is wrong; nil where no
	// part of it could be judged.
	Judged *Judged

	lock *types.Lock
	all  *understood // of every file; nil until it is asked for
}

// Judged is a program that was judged: its types have no error.
type Judged struct {
	Typed  *types.Typed
	Modes  *mode.Program
	Report *judge.Report
}

// Inspect judges a program as Judge does, and keeps what was understood. Cost: that of Judge.
func Inspect(sources []Source, topology *Source) *Insight {
	sources, lock, letters := cutLock(sources)
	files, more := parse(sources)
	letters = append(letters, more...)
	roles, tree, more := readRoles(topology)
	letters = append(letters, more...)
	r := &Insight{Files: files, Roles: tree, Topology: roles, lock: lock}
	look := func(files []*syntax.File) []diag.Diagnostic {
		_, letters := r.judge(files, lock.Quiet())
		return letters
	}
	switch {
	case diag.HasErrors(more):
		r.Topology = resolve.UsualTopology()
	case diag.HasErrors(letters):
		letters = alsoOf(files, letters, look)
	default:
		u, more := r.judge(files, lock)
		r.all = &u
		if r.Judged != nil {
			r.Report = r.Judged.Report
		}
		letters = append(letters, alsoOf(files, more, look)...)
	}
	r.Letters = diag.Sort(letters)
	return r
}

// Names returns the program with every name that could be tied, and Typed its
// types; both also where the text could be read in part only.
func (r *Insight) Names() *resolve.Program { return r.whole().resolved }

// Typed returns the types of the program; see Names.
func (r *Insight) Typed() *types.Typed { return r.whole().typed }

// Stores reports whether the lock beside the program knows a database of that
// name: then nodes have entries of it.
func (r *Insight) Stores(database string) bool {
	return r.lock != nil && slices.ContainsFunc(r.lock.Databases, func(d plan.Locked) bool {
		name, _, _ := strings.Cut(d.Name, ".")
		return name == database
	})
}

// whole understands every file, once. What could not be read has no meaning in it.
func (r *Insight) whole() *understood {
	if r.all == nil {
		r.all = &understood{}
		r.all.resolved, _ = resolve.Resolve(r.Files, r.Topology)
		r.all.typed, _ = types.CheckLocked(r.all.resolved, r.lock.Quiet())
	}
	return r.all
}
