package syntax

import (
	"slices"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// What the ways out of letters change in the text of a declaration.

// Unreplicated takes the :replicated of the database away; the dimension that
// it named stays.
func (d *Database) Unreplicated() []diag.Edit {
	i := d.option("replicated")
	if i < 0 {
		return nil
	}
	o := d.Options[i]
	if dim, ok := o.Value.(*Symbol); ok && d.option("by") < 0 {
		return []diag.Edit{diag.Replace(o.Span, ":by => :"+dim.Name)}
	}
	before := d.Name.End // the end of what stands before its comma
	if d.Type != nil && d.Type.Where().End <= o.Start {
		before = max(before, d.Type.Where().End)
	}
	for _, other := range d.Options[:i] {
		before = max(before, other.End)
	}
	return []diag.Edit{diag.Replace(token.Span{File: o.File, Start: before, End: o.End}, "")}
}

// Replicated lets every replica hold the database.
func (d *Database) Replicated() []diag.Edit {
	if i := d.option("replicated"); i >= 0 {
		return []diag.Edit{diag.Replace(d.Options[i].Value.Where(), "true")}
	}
	return []diag.Edit{diag.Behind(d.Span, ", :replicated => true")}
}

func (d *Database) option(name string) int {
	return slices.IndexFunc(d.Options, func(o Option) bool { return o.Name.Text == name })
}

// Kept says how the invariant is kept, in the place of what it says now.
func (d *Invariant) Kept(how string) diag.Edit {
	for _, o := range d.Options {
		if o.Name.Text == "keep" {
			return diag.Replace(o.Value.Where(), ":"+how)
		}
	}
	return diag.Behind(d.Name.Span, ", :keep => :"+how)
}

// Tail is the function Tail of the block's statements.
func (b *Block) Tail(at token.Span) (token.Span, bool) { return Tail(b.Body, at) }

// Tail returns the statements of a body from the one that holds the place to
// the last, where they commit together: inside a serial block or a step those
// of it, and before one those up to it. false where there are none.
func Tail(body []Stmt, at token.Span) (token.Span, bool) {
	i := slices.IndexFunc(body, func(s Stmt) bool { return holds(s, at) })
	if i < 0 {
		return token.Span{}, false
	}
	if c, ok := body[i].(*Command); ok && c.Block != nil && isCommitOfItsOwn(c) {
		return tailOfBlock(c.Block, at)
	}
	last := len(body) - 1
	if c, ok := body[last].(*Command); ok && isCommitOfItsOwn(c) {
		last--
	}
	return body[i].Where().To(body[last].Where()), true
}

func isCommitOfItsOwn(c *Command) bool { return c.Word.Text == "atomic" || c.Word.Text == "step" }

func tailOfBlock(b *Block, at token.Span) (token.Span, bool) {
	if tail, ok := Tail(b.Body, at); ok {
		return tail, true
	}
	for _, c := range []*Clause{b.Else, b.Undo} {
		if c != nil && holds(c, at) {
			return Tail(c.Body, at)
		}
	}
	return token.Span{}, false
}

func holds(n Node, at token.Span) bool {
	s := n.Where()
	return s.File == at.File && s.Start <= at.Start && at.End <= s.End
}
