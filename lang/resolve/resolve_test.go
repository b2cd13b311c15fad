package resolve

import (
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
)

func TestNearest(t *testing.T) {
	known := []string{"counters", "contracts", "ads", "ad"}
	for name, want := range map[string]string{
		"conters": "counters", "countres": "counters", "contract": "contracts", "counters": "",
		"adss": "ads", "xyz": "", "a": "", "cuntrs": "counters", "cntrs": "",
	} {
		if got := Nearest(name, known); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]int64{
		"500ms": 500, "1s": 1000, "2m": 120_000, "3h": 10_800_000, "7d": 604_800_000, "0s": 0,
		"": -1, "s": -1, "-1s": -1, "1.5s": -1, "1 s": -1, "1w": -1, "9999999999d": -1,
	} {
		got, ok := Duration(text)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func topology(t *testing.T, text string) (*Topology, []diag.Diagnostic) {
	t.Helper()
	tree, letters := syntax.ParseTopology(token.NewFile("shop.topology", text))
	if diag.HasErrors(letters) {
		t.Fatal(diag.Renderer{}.Letter(letters[0]))
	}
	return ResolveTopology(tree)
}

func TestTopology(t *testing.T) {
	got, letters := topology(t, `role :server, :nodes => 3, :quorum => true
role :client, :nodes => 10_000, :offline => "7d", :ambient => :user_id
link :client, :server, :every => "500ms", :late_after => "5s"
link :client, :client`)
	if len(letters) > 0 {
		t.Fatal(diag.Renderer{}.Letter(letters[0]))
	}
	client, _ := got.Role("client")
	if client != (Role{Name: "client", Nodes: 10_000, OfflineMax: 604_800_000, Ambient: "user_id"}) {
		t.Errorf("client: %+v", client)
	}
	if got.Links[0] != (Link{"client", "server", 500, 5000}) || got.Links[1].Every != 1000 {
		t.Errorf("links: %+v", got.Links)
	}
	if !got.Binds(nil, "user_id") || got.Binds([]string{"server"}, "user_id") {
		t.Error("the client alone binds user_id")
	}
}

func TestTopologyLetters(t *testing.T) {
	for text, code := range map[string]diag.Code{
		"role :a\nrole :a":                            "E102",
		"role :a, :nodes => \"3\"":                    "E105",
		"role :a, :nodes => 0":                        "E105",
		"role :a, :offline => \"7 days\"":             "E105",
		"role :a\nlink :a, :b":                        "E106",
		"role :a\nlink :a, :a, :every => \"0s\"":      "E105",
		"role :server\nlink :server, :sevrer":         "E106",
		"role :a, :quorum => 3":                       "E105",
		"role :a, :ambient => \"user_id\"":            "E105",
		"role :a\nlink :a, :a, :every => 3":           "E105",
		"role :a\nlink :a, :a, :late_after => \"0s\"": "E105",
		"role :a, :nodes => 1, :offline => :whenever": "E105",
	} {
		_, letters := topology(t, text)
		if len(letters) != 1 || letters[0].Code != code {
			t.Errorf("%s: got %v, want one %s", text, letters, code)
		}
	}
}
