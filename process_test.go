package martinelli_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/value"
)

// refine makes a function that puts a word before each element it is given.
func refine(word string) func([]value.Value) (value.Value, error) {
	return func(args []value.Value) (value.Value, error) {
		var out []value.Value
		for _, v := range args[0].Elems() {
			out = append(out, value.String(word+v.AsString()))
		}
		return value.List(out...), nil
	}
}

// await reads until what is read is what is wanted.
func await(t *testing.T, r *martinelli.Replica, name, key string, want ...string) {
	t.Helper()
	var got []string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		got = nil
		if err := r.Read(context.Background(), name, &got, key); err != nil {
			t.Fatal(err)
		}
		if reflect.DeepEqual(got, want) {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Fatalf("%s of %s is %q, not %q", name, key, got, want)
}

// TestTheSlideWithReplication runs the slide at a server and a client, both of
// which refine: a user throws out a wrong wine, and it stays out when both
// refine again.
func TestTheSlideWithReplication(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	both := []martinelli.Option{
		martinelli.Listen("127.0.0.1:0"),
		martinelli.Func("refine.favorites", refine("wine of ")),
		martinelli.Func("refine.recs", refine("like ")),
	}
	server, err := martinelli.Open(ctx, "testdata/wines.mrt", append(both, martinelli.Dir(t.TempDir()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	token, err := server.Host().NewToken(time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	client, err := martinelli.Open(ctx, "testdata/wines.mrt", append(both, martinelli.Dir(t.TempDir()),
		martinelli.Role("client", "ann"), martinelli.Join(server.Host().LinkAddr(), token))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	photo := func(name string) {
		if err := client.Raise(ctx, "photo", map[string]string{"photo": name}); err != nil {
			t.Fatal(err)
		}
	}
	photo("a hill")
	photo("a cat")
	for _, r := range []*martinelli.Replica{client, server} {
		await(t, r, "favorites", "ann", "wine of a cat", "wine of a hill")
		await(t, r, "recs", "ann", "like wine of a cat", "like wine of a hill")
	}
	if err := client.Raise(ctx, "dislike", map[string]string{"wine": "wine of a cat"}); err != nil {
		t.Fatal(err)
	}
	photo("a river")
	for _, r := range []*martinelli.Replica{client, server} {
		await(t, r, "favorites", "ann", "wine of a hill", "wine of a river")
		await(t, r, "recs", "ann", "like wine of a hill", "like wine of a river")
	}
	if program := client.Host().Program(); strings.Contains(program.Databases[0].Name, "@") {
		t.Error("what users write keeps the database's name")
	}
}
