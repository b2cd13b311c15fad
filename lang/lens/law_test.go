package lens_test

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/plan"
)

// same compares a program with the one in which a name is another: both compile
// to the same plan, but for the name.
func same(t *testing.T, file, from, to string, before *plan.Program, letters []diag.Diagnostic, after string) {
	t.Helper()
	got, _, more := lang.CompileTests([]lang.Source{{Name: file, Text: after}}, nil)
	if (got == nil) != (before == nil) || len(more) != len(letters) {
		t.Errorf("%s: with %s for %s it has %d letters, and had %d", file, to, from, len(more), len(letters))
		return
	}
	if want, is := nameless(before, from, to), nameless(got, from, to); want != is {
		i := 0
		for i < len(want) && i < len(is) && want[i] == is[i] {
			i++
		}
		t.Errorf("%s: with %s for %s it is another plan:\n%s\nand was\n%s", file, to, from, is[max(0, i-80):min(len(is), i+80)], want[max(0, i-80):min(len(want), i+80)])
	}
}

var word = regexp.MustCompile(`[A-Za-z0-9_]+`)

// nameless is a plan as text, without either name.
func nameless(p *plan.Program, from, to string) string {
	var b strings.Builder
	write(&b, reflect.ValueOf(p))
	return word.ReplaceAllStringFunc(b.String(), func(w string) string {
		if w == from || w == to || w == "on_"+from || w == "on_"+to {
			return ""
		}
		return w
	})
}

// write writes all that a value holds.
func write(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			write(b, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			write(b, v.Field(i))
			b.WriteByte(';')
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			write(b, v.Index(i))
			b.WriteByte(',')
		}
	default:
		fmt.Fprint(b, v)
	}
}
