package martinelli_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/value"
)

// A replica in memory runs testdata/guests.mrt, whose view calls a function of
// this program.
func Example() {
	shout := martinelli.Func("shout", func(args []value.Value) (value.Value, error) {
		return value.String(strings.ToUpper(args[0].AsString()) + "!"), nil
	})
	ctx := context.Background()
	replica, err := martinelli.Open(ctx, "testdata/guests.mrt", shout)
	if err != nil {
		log.Fatal(err)
	}
	defer replica.Close()
	fmt.Println(replica.Raise(ctx, "arrive", map[string]string{"name": "ann"}))
	fmt.Println(replica.Raise(ctx, "arrive", map[string]string{"name": ""}))
	var signs []string
	fmt.Println(replica.Read(ctx, "signs", &signs), signs)
	// Output:
	// <nil>
	// aborted: nobody: the handler says so
	// <nil> [ANN!]
}
