// Command page does what needs a program's tables: it panics and recovers
// through inlined functions, grows stacks, collects garbage while goroutines
// wait, and says what it found.
package main

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
)

type tree struct {
	left, right *tree
	words       []string
}

func grow(depth int) *tree {
	t := &tree{words: strings.Fields("as far as is known here")}
	if depth > 0 {
		t.left, t.right = grow(depth-1), grow(depth-1)
	}
	return t
}

func (t *tree) count() int {
	if t == nil {
		return 0
	}
	return len(t.words) + t.left.count() + t.right.count()
}

func inlined(list []int, i int) int { return list[i] }

func deep(n int) (sum int) {
	var room [64]int
	defer func() { sum += room[n%64] + outOfRange(recover()) }()
	room[n%64] = n
	if n == 0 {
		return inlined(room[:1], n+1)
	}
	return deep(n-1) + 1
}

func outOfRange(panicked any) int {
	var e runtime.Error
	if err, ok := panicked.(error); ok && errors.As(err, &e) {
		return 1
	}
	return 0
}

func try(f func() int) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprint(r)
		}
	}()
	return fmt.Sprint(f())
}

// reflected calls through a stub of reflect's, whose arguments the collector
// finds by its name.
func reflected(kept *tree) (count int) {
	stub := reflect.MakeFunc(reflect.TypeOf(kept.count), func([]reflect.Value) []reflect.Value {
		grow(8)
		runtime.GC()
		return []reflect.Value{reflect.ValueOf(kept.count())}
	})
	method := reflect.ValueOf(kept).MethodByName("Count").Interface().(func() int)
	return stub.Interface().(func() int)() + method()
}

// Count is found by its name.
func (t *tree) Count() int {
	runtime.GC()
	return t.count()
}

func main() {
	results := make(chan string)
	for i := range 8 {
		go func() {
			kept := grow(i)
			for range 20 {
				_ = grow(6).count()
				runtime.Gosched()
			}
			runtime.GC()
			results <- fmt.Sprint(i, " ", kept.count(), " ", deep(1000*i), " ", try(func() int { return inlined(nil, i) }))
		}()
	}
	var list []string
	for range 8 {
		list = append(list, <-results)
	}
	slices.Sort(list)
	fmt.Println(strings.Join(list, "\n"), reflected(grow(5)), len(os.Args))
}
