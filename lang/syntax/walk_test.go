package syntax

import (
	"reflect"

	"github.com/martinelli-lang/martinelli/lang/token"
)

// walk calls f for every node of a tree that stands somewhere, with its depth.
// It finds them by reflection, so that it cannot forget a field.
func walk(node any, f func(n Node, depth int)) {
	walkValue(reflect.ValueOf(node), 0, f)
}

func walkValue(v reflect.Value, depth int, f func(Node, int)) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			walkValue(v.Elem(), depth, f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walkValue(v.Index(i), depth, f)
		}
	case reflect.Struct:
		walkStruct(v, depth, f)
	}
}

func walkStruct(v reflect.Value, depth int, f func(Node, int)) {
	switch v.Interface().(type) {
	case token.File, token.Span, token.Token:
		return
	}
	if n, ok := v.Interface().(Node); ok {
		f(n, depth)
		depth++
	}
	for i := range v.NumField() {
		walkValue(v.Field(i), depth, f)
	}
}
