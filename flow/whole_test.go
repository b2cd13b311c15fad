package flow_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/value"
)

// wholes are records and maps of lattices that are read as a whole.
const wholes = `
type :Order, { lines: set<int>, open: flag, parts: map<int, { n: counter }> }
database :orders, Order, :by => :id, :replicated => true
database :rooms, map<int, { seats: gcounter, guests: set<int> }>, :by => :house, :replicated => true
on_line do |k: id, n: int| orders[k].lines.add(n) end
on_unline do |k: id, n: int| orders[k].lines.remove(n) end
on_open do |k: id, n: int|
  if n % 2 == 0
    orders[k].open.on()
  else
    orders[k].open.off()
  end
end
on_part do |k: id, n: int| orders[k].parts[n].n.dec(3) end
on_unpart do |k: id, n: int| orders[k].parts.remove(n) end
on_seat do |k: id, n: int| rooms[k][n].seats.inc(2) end
on_guest do |k: id, n: int| rooms[k][n].guests.add(n) end
on_unroom do |k: id, n: int| rooms[k].remove(n) end
view :all do orders end
view :houses do rooms end
view :one do rooms["k1"] end
view :worth do orders.sum do |k, o| o.lines.sum + o.parts.sum do |p, r| r.n end end end
`

// TestWholeRecordsEqualTheirFields over random histories, watched and not.
func TestWholeRecordsEqualTheirFields(t *testing.T) {
	events := []string{"line", "unline", "open", "part", "unpart", "seat", "guest", "unroom"}
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 31))
		n := &node{compile(t, wholes), map[string]uint64{}}
		o := map[string]map[string]map[int64]int64{} // field, key and member
		at := func(field, key string) map[int64]int64 {
			if o[field] == nil {
				o[field] = map[string]map[int64]int64{}
			}
			if o[field][key] == nil {
				o[field][key] = map[int64]int64{}
			}
			return o[field][key]
		}
		for range 60 {
			k, m, event := fmt.Sprint("k", r.IntN(2)), int64(r.IntN(3)-1), events[r.IntN(len(events))]
			n.raise(t, event, value.String(k), value.Int(m))
			switch event {
			case "line":
				at("lines", k)[m] = 1
			case "unline":
				delete(at("lines", k), m)
			case "open":
				if delete(at("open", k), 0); m%2 == 0 {
					at("open", k)[0] = 1
				}
			case "part":
				at("parts", k)[m] -= 3
			case "unpart":
				delete(at("parts", k), m)
			case "seat":
				at("seats", k)[m] += 2
			case "guest":
				at("guests", k)[m] = 1
			case "unroom":
				delete(at("seats", k), m)
				delete(at("guests", k), m)
			}
			if view := []string{"all", "houses", "one", "worth"}[r.IntN(4)]; r.IntN(2) == 0 {
				if err := n.Watch(view); err != nil {
					t.Fatal(err)
				}
			} else {
				n.Unwatch(view)
			}
			var all, houses []string
			worth := int64(0)
			for _, k := range []string{"k0", "k1"} {
				var lines, parts, rooms []string
				for m := int64(-1); m < 2; m++ {
					if _, is := at("lines", k)[m]; is {
						lines = append(lines, fmt.Sprint(m))
						worth += m
					}
					if c, is := at("parts", k)[m]; is {
						parts = append(parts, fmt.Sprintf("(%d {%d})", m, c))
						worth += c
					}
					seats, isSeat := at("seats", k)[m]
					guest, isGuest := at("guests", k)[m]
					if isSeat || isGuest {
						guests := "[]"
						if guest == 1 {
							guests = fmt.Sprintf("[%d]", m)
						}
						rooms = append(rooms, fmt.Sprintf("(%s %d {%s %d})", k, m, guests, seats))
					}
				}
				_, open := at("open", k)[0]
				if len(lines)+len(parts) > 0 || open {
					all = append(all, fmt.Sprintf("(%s {%v %v %v})", k, lines, open, parts))
				}
				houses = append(houses, rooms...)
			}
			for view, want := range map[string]string{"all": strings.Join(all, " "), "houses": strings.Join(houses, " ")} {
				if got := strings.Join(shownAll(n.read(t, view)), " "); got != want {
					t.Fatalf("seed %d: after %s %s %d %s is\n%s, not\n%s", seed, event, k, m, view, got, want)
				}
			}
			if got, _ := n.Read("worth", nil); got.Value.AsInt() != worth {
				t.Fatalf("seed %d: worth is %v, not %d", seed, got.Value, worth)
			}
		}
	}
}

// shownAll writes values as the test does: tuples (..), records {..}, lists [..].
func shownAll(vs []value.Value) []string {
	var out []string
	for _, v := range vs {
		out = append(out, shown(v))
	}
	return out
}

func shown(v value.Value) string {
	parts := strings.Join(shownAll(v.Elems()), " ")
	switch v.Kind() {
	case value.KindTuple:
		return "(" + parts + ")"
	case value.KindRecord:
		return "{" + parts + "}"
	case value.KindList:
		return "[" + parts + "]"
	case value.KindInt:
		return fmt.Sprint(v.AsInt())
	case value.KindBool:
		return fmt.Sprint(v.AsBool())
	}
	return v.AsString()
}
