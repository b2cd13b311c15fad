package format

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// comment is a comment of the source.
type comment struct {
	text     string
	trailing bool // it stands behind a word, on its line
	blank    bool // a blank line stands before it
}

// gap is what stands between two words of the source beside blanks.
type gap struct {
	comments []comment // only the first may be trailing
	newline  bool      // a line ends in it
	blank    bool      // a blank line stands before the second word
}

// gaps returns what stands before each token.
func gaps(list token.List) []gap {
	all := make([]gap, len(list.Tokens))
	comments := list.Comments
	end := 0 // the line on which the last piece ended
	for i, t := range list.Tokens {
		all[i].newline = t.Newline
		for len(comments) > 0 && comments[0].Start < t.Start {
			line := t.File.LineAt(comments[0].Start)
			all[i].comments = append(all[i].comments, comment{
				text:     strings.TrimRight(comments[0].Text, " \t\r"),
				trailing: i > 0 && line == end,
				blank:    line > end+1,
			})
			end, comments = line, comments[1:]
		}
		line := t.File.LineAt(t.Start)
		all[i].blank = line > end+1
		end = line
	}
	return all
}
