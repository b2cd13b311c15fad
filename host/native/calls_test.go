package native

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

// counting has a block that needs a function of the host, and events that do not.
const counting = `
import :weigh, (id) -> bool, :from => "go:weigh"
import :none, (gset<id>) -> bool, :from => "go:none", :monotone => true
database :counters, gcounter, :by => :ad_id
database :ads, gset<id>
on_shown do |ad_id: id| counters[:ad_id].inc(1) end
on_take do |ad_id: id|
  atomic :serial do
    if weigh(ad_id)
      counters[ad_id].inc(100)
    end
  end
end
`

// TestAHungFunction keeps the blocks that need it, and nobody else; the status
// says which it is, and since when; and a host stops without it.
func TestAHungFunction(t *testing.T) {
	hangs, begun := make(chan struct{}), make(chan string, 9)
	h := open(t, Config{
		Program: compile(t, counting),
		Funcs:   map[string]flow.Func{"none": func([]value.Value) (value.Value, error) { return value.Bool(false), nil }},
		Named: map[string]flow.NamedFunc{"weigh": func(id string, args []value.Value) (value.Value, error) {
			begun <- id
			if args[0].AsString() == "heavy" {
				<-hangs
			}
			return value.Bool(true), nil
		}},
	})
	take := func(ad string) chan node.Answer {
		answers := make(chan node.Answer, 1)
		go func() {
			a, _ := h.Raise(context.Background(), node.RaiseRequest{Event: "take", Args: []value.Value{value.String(ad)}})
			answers <- a
		}()
		return answers
	}
	heavy := take("heavy")
	first := <-begun
	if a := <-take("light"); !a.Committed || <-begun == first || first == "" {
		t.Errorf("a call beside one that hangs: %+v", a)
	}
	h.shown("light")
	if n := h.count("light"); n != 101 {
		t.Errorf("others counted %d", n)
	}
	st, err := h.Status(context.Background())
	if err != nil || st.Parked != 1 || len(st.Functions) != 1 || st.Functions[0].Name != "weigh" || st.Functions[0].Waiting != 1 {
		t.Errorf("the status says %d are parked, %+v (%v)", st.Parked, st.Functions, err)
	}
	close(hangs)
	if a := <-heavy; !a.Committed || h.count("heavy") != 100 {
		t.Errorf("once it has returned: %+v, %d", a, h.count("heavy"))
	}
}

// TestAPromiseThatHangs does not keep a host from saying so.
func TestAPromiseThatHangs(t *testing.T) {
	was := trialHang
	trialHang = 50 * time.Millisecond
	hangs := make(chan struct{})
	defer func() { close(hangs); trialHang = was }()
	_, err := tryOpen(t, Config{
		Program: compile(t, counting),
		Funcs: map[string]flow.Func{
			"weigh": func([]value.Value) (value.Value, error) { return value.Bool(true), nil },
			"none":  func([]value.Value) (value.Value, error) { <-hangs; return value.Bool(true), nil },
		},
	})
	if err == nil || !strings.Contains(err.Error(), "none from go:none has not returned for 50ms") {
		t.Errorf("%v", err)
	}
}
