package format

import (
	"errors"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// ErrMeaning says that the text was left alone because what it would have been
// formatted to says something else. That is a mistake of this room.
var ErrMeaning = errors.New("the formatter would change what this file says, so the file is left alone: please report it, with the file")

// ErrTooLarge says that the text would be larger than a source file may be.
var ErrTooLarge = errors.New("with its lines broken this file would be larger than 1 MiB, so it is left alone: split it")

// Source formats a program, or a topology where the file's name or, for a name
// without a known ending, its first word says so. The text is the same program: it has the same
// tree and the same comments. A text that cannot be read has letters, and no
// result. Cost: linear in the text.
func Source(file *token.File) (text string, letters []diag.Diagnostic, err error) {
	return source(file, widthMax)
}

// source formats to a width.
func source(file *token.File, width int) (text string, letters []diag.Diagnostic, err error) {
	made, letters := layout(file, width)
	if diag.HasErrors(letters) {
		return "", letters, nil
	}
	text = made.String()
	if len(text) > token.SizeMax {
		return "", nil, ErrTooLarge
	}
	if !says(file, token.NewFile(file.Name, text)) {
		return "", nil, ErrMeaning
	}
	return text, letters, nil
}

// layout reads a file and writes its lines.
func layout(file *token.File, width int) (*writer, []diag.Diagnostic) {
	w := &writer{width: width}
	var all body
	var b *builder
	if isTopology(file) {
		tree, letters := syntax.ParseTopology(file)
		if diag.HasErrors(letters) {
			return w, letters
		}
		b = newBuilder(file)
		all = b.topology(tree)
	} else {
		tree, letters := syntax.ParseFile(file)
		if diag.HasErrors(letters) {
			return w, letters
		}
		b = newBuilder(file)
		all = b.program(tree.Decls)
	}
	all.printItems(w, 0)
	w.comments(all.last, 0, len(all.items) == 0)
	return w, nil
}

func isTopology(file *token.File) bool {
	if strings.HasSuffix(file.Name, ".topology") {
		return true
	}
	if strings.HasSuffix(file.Name, ".mrt") || file.Flaw() != nil {
		return false
	}
	first := token.Scan(file).Tokens[0]
	return first.Kind == token.Ident && (first.Text == "role" || first.Text == "link")
}

// says reports whether two files have the same words and comments and can be read.
// Commas and parentheses do not count, as some are left out or added.
func says(a, b *token.File) bool {
	var letters []diag.Diagnostic
	if isTopology(a) {
		_, letters = syntax.ParseTopology(b)
	} else {
		_, letters = syntax.ParseFile(b)
	}
	wordsA, commentsA := said(a)
	wordsB, commentsB := said(b)
	return !diag.HasErrors(letters) && slices.Equal(wordsA, wordsB) && slices.Equal(commentsA, commentsB)
}

// said lists the words of a file in their order, and its comments sorted.
func said(file *token.File) (words, comments []string) {
	list := token.Scan(file)
	for _, t := range list.Tokens {
		if t.Kind != token.Comma && t.Kind != token.LeftParen && t.Kind != token.RightParen {
			words = append(words, t.Span.Text())
		}
	}
	for _, c := range list.Comments {
		comments = append(comments, strings.TrimRight(c.Text, " \t\r"))
	}
	slices.Sort(comments)
	return words, comments
}
