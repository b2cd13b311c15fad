package martinelli_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/value"
)

const shop = `
import :charge, (id, int) -> bool, :from => "go:pay.Charge"
database :sold, gcounter
on_buy do |order: id, qty: nat|
  atomic :saga, :key => order do
    step do
      if not charge(order, qty)
        abort :declined
      end
      sold.inc(qty)
    end
  end
end
test "what is paid is sold" do
  given do
    faults(drop: 0.1)
  end
  when do
    server.on_buy("a", 2)
    server.on_buy("b", 3)
    server.on_buy("a", 2)
    wait("20s")
  end
  then do
    expect(sold == 5)
  end
end
`

// TestStandInsForFunctions: a program's tests are played with functions of a Go
// program in the place of those that cost money.
func TestStandInsForFunctions(t *testing.T) {
	p, err := martinelli.Compile("shop.mrt", shop)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	named := martinelli.NamedFunc("pay.Charge", func(id string, args []value.Value) (value.Value, error) {
		ids[id] = true
		return value.Bool(true), nil
	})
	if err := p.Try(2, named); err != nil || len(ids) != 2 || ids[""] {
		t.Errorf("%v; the IDs were %v", err, ids)
	}
	declines := martinelli.Func("pay.Charge", func([]value.Value) (value.Value, error) { return value.Bool(false), nil })
	var failed *martinelli.TrialError
	if err := p.Try(2, declines); !errors.As(err, &failed) || failed.Seed != 1 || !strings.Contains(err.Error(), "sold == 5") {
		t.Errorf("with cards that are declined: %v", err)
	}
	if err := p.Try(1); err == nil || !strings.Contains(err.Error(), "not linked") {
		t.Errorf("without the function: %v", err)
	}
}
