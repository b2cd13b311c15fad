package lang

import (
	"fmt"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/diag/diagtest"
	"github.com/martinelli-lang/martinelli/plan"
)

// locked stands beside every program below.
const locked = `schema 1

database hits
  type gcounter
  by page: id
  kept shared

database orders.lines
  type gset<{ sku: id }>
  by order_id: id
  kept home

database orders.paid
  type once
  by order_id: id
  kept home

database photos
  type gset<{ id: id, image: string }>
  by user_id: id
  kept by user_id

database sizes
  type set<int>
  kept shared

invariant small
  keeps do |n in sizes| n < 100 end
`

// others names what else the lock has, so that nothing else is told.
const others = `
type :Order, { lines: gset<{ sku: id }>, paid: once }
database :orders, Order, :by => :order_id
`

// TestLockedPrograms compiles programs beside the lock: each line announces the
// letters that it causes, and no other is written, but those about the lock itself.
func TestLockedPrograms(t *testing.T) {
	const sizes = "database :sizes, set<int>, :replicated => true\n"
	const hits = "database :hits, gcounter, :by => :page, :replicated => true\n"
	const photos = "database :photos, gset<{ id: id, image: string }>, :replicated => :user_id\n"
	for name, text := range map[string]string{
		"as it was": others + sizes + hits + photos,
		"untyped as it was": others + `
database :hits, :replicated => true
on_hit do |page: id| hits[:page].inc(1) end
database :photos, :replicated => :user_id
on_photo do |image: string| photos[:user_id].add({ id: new_id(), image: image }) end
database :sizes, :replicated => true
on_size do |n: nat| sizes.add(n) end
`, // a set by the lock, of ints, though nothing is removed and what is added are nats
		"another verb": others + sizes + photos + `
database :hits, :replicated => true
on_hit do |page: id| hits[:page].inc(1) end
on_miss do |page: id| hits[:page].dec(1) end # error E501 stored as
`,
		"another element": others + sizes + hits + `
database :photos, :replicated => :user_id
on_photo do |image: string| photos[:user_id].add({ image: image }) end # error E501 stored as
`,
		"another type":       others + sizes + hits + "database :photos, set<{ id: id, image: string }>, :replicated => :user_id # error E501 stored as\n",
		"another place":      others + sizes + hits + "database :photos, gset<{ id: id, image: string }>, :by => :user_id, :replicated => true # error E501 is stored by user_id\n",
		"other dimensions":   others + sizes + photos + "database :hits, gcounter, :by => [:page, :day], :replicated => true # error E501 is stored by page: id\n",
		"inferred dimension": others + sizes + photos + "database :hits, gcounter, :replicated => true\non_hit do |site: id| hits[:site].inc(1) end # error E501 is stored by page\n",
		"no dimension":       others + sizes + photos + "database :hits, gcounter, :replicated => true # error E501 is stored by page\n",
		"a new one":          others + sizes + hits + photos + "database :more, once # note W502\n",
		"a field of another type": sizes + hits + photos + `
type :Order, { lines: gset<{ sku: id }>, paid: flag } # error E501
database :orders, Order, :by => :order_id
`,
		"an invariant that was there": others + sizes + hits + photos + `
on_size do |n: int| sizes.add(n) end
invariant :small do |n in sizes| n < 100 end # as it was
`,
		"an invariant that changed": others + sizes + hits + photos + `
on_size do |n: int| sizes.add(n) end
invariant :small do |n in sizes| n < 90 end # error E503
`,
		"a new invariant": others + sizes + hits + photos + `
on_size do |n: int| sizes.add(n) end
invariant :big do |n in sizes| n > 0 end # error E503
`,
		"a new invariant of what is new": others + sizes + hits + photos + `
database :more, gset<int>, :replicated => true # note W502
on_size do |n: int| more.add(n) end
invariant :big do |n in more| n > 0 end
`,
		"a new invariant that is repaired": others + sizes + hits + photos + `
on_size do |n: int| sizes.add(n) end
invariant :big do |n in sizes| n > 0 else sizes.remove(n) end
`,
		"a migration from the lock": others + sizes + hits + `
database :photos2, set<{ id: id, image: string, caption: string }>, :replicated => :user_id, :was => :photos # note W502
on_photo do |image: string| photos2[:user_id].remove({ id: "1", image: image, caption: "" }) end
`,
		"an invariant of what is handed on": others + sizes + photos + `
database :hits2, counter, :by => :page, :replicated => true, :was => :hits # note W502
on_hit do |page: id| hits2[:page].inc(1) end
invariant :up do |page in hits2.keys| hits2[:page] >= 0 end # error E503
`,
		"a migration of a record, with a field more": sizes + hits + photos + `
database :orders2, { lines: set<{ sku: id, n: int }>, paid: flag, note: lww<string> }, :by => :order_id, :was => :orders # note W502
`,
		"a migration of an untyped one": others + sizes + photos + `
database :hits2, :replicated => true, :was => :hits # note W502
on_hit do |page: id| hits2[:page].inc(1) end
on_miss do |page: id| hits2[:page].dec(1) end
`,
		"a migration to other dimensions": others + sizes + photos + `
database :hits2, counter, :by => :site, :replicated => true, :was => :hits # error E504 # note W502
`,
		"a migration to another place": others + sizes + photos + `
database :hits2, counter, :by => :page, :was => :hits # error E504 # note W502
`,
		"a migration to a lattice that reads other entries": others + sizes + photos + `
database :hits2, max<int>, :by => :page, :replicated => true, :was => :hits # error E504 # note W502
`,
		"a migration that loses a field": others + sizes + hits + `
database :photos2, set<{ id: id }>, :replicated => :user_id, :was => :photos # error E504 # note W502
`,
		"a migration from what nobody knows": others + sizes + hits + photos + `
database :more, once, :was => :less # error E502 # note W502
`,
	} {
		t.Run(name, func(t *testing.T) {
			sources := []Source{{Name: "test.mrt", Text: text}, {Name: LockName, Text: locked}}
			program, letters := Compile(sources, nil)
			if program != nil {
				roundTrip(t, program)
			}
			diagtest.Compare(t, text, letters)
		})
	}
}

func announcement(d diag.Diagnostic) string {
	return fmt.Sprintf("line %d: %s %s", d.Where().Position().Line, d.Severity, d.Code)
}

// TestLocksThemselves: a letter about the lock stands on its line.
func TestLocksThemselves(t *testing.T) {
	for lock, want := range map[string]string{
		"schema 1\ndatabase a\n  type gset<int>\n": "4: error E505", // seen at its end
		"schema 9\n": "1: error E505",
		"schema 1\n\ndatabase gone\n  type once\n  kept home\n": "3: warning W501",
	} {
		_, letters := Compile([]Source{{Name: "test.mrt", Text: "view :one do 1 end\n"}, {Name: LockName, Text: lock}}, nil)
		if len(letters) != 1 || announcement(letters[0]) != "line "+want {
			t.Errorf("%q: %s", lock, letter(letters))
		}
	}
}

// TestLockOfAProgram: what is written down is read back, and then nothing is to
// be said; what a migration comes from stays in it, and what is gone goes.
func TestLockOfAProgram(t *testing.T) {
	program := Source{Name: "test.mrt", Text: `
database :photos2, set<{ id: id, image: string }>, :replicated => :user_id, :was => :photos
on_photo do |image: string| photos2[:user_id].add({ id: new_id(), image: image }) end
import :f, (set<{ id: id, image: string }>, out set<int>), :from => "go:f"
database :found, set<int>, :replicated => true
process do |user_id in users| f(photos2, found) end
invariant :some do |p in photos2|
  p.image != "" # said so
end
`}
	lock, letters := Lock([]Source{program, {Name: LockName, Text: locked}}, nil)
	if lock == nil {
		t.Fatal(letter(letters))
	}
	want := `schema 1
# Written by ` + "`martinelli schema`" + `, to be kept beside the program.

database found
  type set<int>
  by user_id: id
  kept shared

database photos
  type gset<{ id: id, image: string }>
  by user_id: id
  kept by user_id

database photos2
  type set<{ id: id, image: string }>
  by user_id: id
  kept by user_id

invariant some
  keeps do |p in photos2| p.image != "" end
`
	if got := lock.String(); got != want {
		t.Errorf("the lock is\n%s", got)
	}
	compiled, letters := Compile([]Source{program, {Name: LockName, Text: want}}, nil)
	if compiled == nil || len(letters) > 0 {
		t.Error(letter(letters))
	}
	if clash := plan.CompareSchema(compiled.Schema(), plan.Schema{{Name: "photos", Dims: "user_id: id", Lattice: "gset<{ id: id, image: string }>", Placement: "by user_id"}}); clash != "" {
		t.Error(clash)
	}
}
