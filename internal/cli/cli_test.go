package cli

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run this very binary as "martinelli".
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"martinelli": func() { os.Exit(Main()) }})
}

// TestScripts runs the stories in testdata: the words on the command line, and
// what comes back.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireExplicitExec: true})
}
