package syntax

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// dump writes a tree as nested lists, one per node: its type, then its fields
// that are not empty. Nodes that hold no node in a slice stand on one line.
func dump(node any) string {
	var b strings.Builder
	dumpValue(&b, reflect.ValueOf(node), 0)
	return b.String() + "\n"
}

func dumpValue(b *strings.Builder, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		dumpValue(b, v.Elem(), depth)
	case reflect.Slice:
		for i := range v.Len() {
			b.WriteString("\n" + strings.Repeat("  ", depth+1))
			dumpValue(b, v.Index(i), depth+1)
		}
	case reflect.Struct:
		dumpStruct(b, v, depth)
	case reflect.String:
		fmt.Fprintf(b, "%q", v)
	case reflect.Uint8:
		fmt.Fprint(b, v.Interface())
	default:
		fmt.Fprint(b, v)
	}
}

func dumpStruct(b *strings.Builder, v reflect.Value, depth int) {
	if name, ok := v.Interface().(Name); ok {
		fmt.Fprint(b, name.Text)
		return
	}
	fmt.Fprintf(b, "(%s", v.Type().Name())
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if _, isSpan := v.Field(i).Interface().(token.Span); isSpan || v.Field(i).IsZero() {
			continue
		}
		fmt.Fprintf(b, " %s=", strings.ToLower(field.Name))
		dumpValue(b, v.Field(i), depth)
	}
	b.WriteString(")")
}
