package native

import (
	"context"
	"fmt"
	"testing"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/value"
)

// BenchmarkSerial measures serial blocks at their home, each answered when it
// is durable, beside runs of a handler that does the same without a block.
func BenchmarkSerial(b *testing.B) {
	program, _ := lang.Compile([]lang.Source{{Name: "test.mrt", Text: `
database :stock, counter, :by => :sku
invariant :kept, :keep => :serial do |sku in stock.keys| stock[:sku] >= 0 end
on_plain do |sku: id| stock[:sku].inc(1) end
on_serial do |sku: id|
  atomic :serial do
    if stock[:sku] < 0
      abort :sold_out
    end
    stock[:sku].inc(1)
  else |why|
  end
end`}}, nil)
	for _, clients := range []int{1, 64} {
		for _, event := range []string{"plain", "serial"} {
			b.Run(fmt.Sprintf("clients=%d/%s", clients, event), func(b *testing.B) {
				h, err := Open(context.Background(), Config{Dir: b.TempDir(), Program: program})
				if err != nil {
					b.Fatal(err)
				}
				defer h.Close()
				each(b, clients, func(one int) error {
					a, err := h.Raise(context.Background(), node.RaiseRequest{Event: event, Args: []value.Value{value.String(fmt.Sprint("sku", one))}})
					if err == nil && !a.Committed {
						err = fmt.Errorf("aborted: %s %s", a.Abort, a.Detail)
					}
					return err
				})
			})
		}
	}
}
