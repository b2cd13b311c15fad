package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/martinelli-lang/martinelli/host/native"
	"github.com/martinelli-lang/martinelli/internal/client"
	"github.com/martinelli-lang/martinelli/internal/freeport"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run this very binary as "martinelli".
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"martinelli": func() { os.Exit(Main()) }})
}

// TestScripts runs the stories in testdata: the words on the command line, and
// what comes back. Each script has free addresses in $A to $F, and two
// verbs: "await ADDRESS [MEMBER]" waits until a node answers there, linked with
// MEMBER, and "reads ADDRESS NAME KEY VALUE" until it reads that; a
// KEY of - is none. -short, and so the race detector, under which processes are
// slow to start, plays some in which nodes speak with each other.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if testing.Short() {
		scripts = []string{"testdata/backup.txtar", "testdata/join.txtar", "testdata/saga.txtar", "testdata/serial.txtar", "testdata/users.txtar"}
	}
	testscript.Run(t, testscript.Params{
		Files:               scripts,
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"await": await, "reads": reads, "says": says},
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"A", "B", "C", "D", "E", "F"} {
				address, err := freeport.Address()
				if err != nil {
					return err
				}
				env.Setenv(name, address)
			}
			return nil
		},
	})
}

// await asks a node until it is well and, with a name, linked with that member.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: await ADDRESS [MEMBER]")
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		if isWell(args[0], args[1:]) {
			return
		}
	}
	ts.Fatalf("waited in vain for %v", args)
}

// reads asks a node for a value until it is the one awaited.
func reads(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: reads ADDRESS NAME KEY VALUE")
	}
	key := args[2:3]
	if args[2] == "-" {
		key = nil
	}
	var got []byte
	var err error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		got, err = client.New(args[0]).Read(context.Background(), args[1], key)
		if string(got) == args[3] {
			return
		}
	}
	ts.Fatalf("waited in vain for %v: it reads %s, %v", args, got, err)
}

// says asks a node for its status until its JSON matches a regular expression.
func says(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: says ADDRESS PATTERN")
	}
	pattern := regexp.MustCompile(args[1])
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		if raw, err := client.New(args[0]).Status(context.Background()); err == nil && pattern.Match(raw) {
			return
		}
	}
	ts.Fatalf("waited in vain for %s to say %q", args[0], args[1])
}

func isWell(address string, linked []string) bool {
	raw, err := client.New(address).Status(context.Background())
	var s native.Status
	if err != nil || json.Unmarshal(raw, &s) != nil {
		return false
	}
	alive := func(name string) bool {
		return slices.ContainsFunc(s.Members, func(m native.MemberStatus) bool { return m.Name == name && m.State == "alive" })
	}
	return !slices.ContainsFunc(linked, func(name string) bool { return !alive(name) })
}
