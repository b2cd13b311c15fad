package lang

import (
	"testing"
)

// TestExpires: what :expires takes, and what may not rest on what goes by itself.
func TestExpires(t *testing.T) {
	const head = "database :here, set<id>, :by => :who, :replicated => true, :expires => \"30s\"\n" +
		"database :people, set<id>, :replicated => true\n" +
		"on_beat do |who: id| here[who].add(who) end\non_come do |who: id| people.add(who) end\n"
	for text, code := range map[string]string{
		"":                                                     "",
		"view :there do here.keys end":                         "",
		"database :a, once, :expires => \"1s\"":                "",
		"database :a, once, :expires => \"0s\"":                "E105",
		"database :a, once, :expires => \"soon\"":              "E105",
		"database :a, once, :expires => 30":                    "E105",
		"database :a, { b: once }, :expires => \"30s\"":        "",
		"invariant :known do |p in people| p in here.keys end": "E309",
		"invariant :some do |p in people| here[p].count <= 3 else people.remove(p) end": "E309",
		"on_guess do\n  if here.keys.count > 3\n    people.add(\"crowd\")\n  end\nend":  "E201",
	} {
		program, letters := Compile([]Source{{Name: "a.mrt", Text: head + text}}, nil)
		switch {
		case code == "" && (program == nil || len(letters) > 0):
			t.Errorf("%s: %v", text, letters)
		case code != "" && (len(letters) == 0 || string(letters[0].Code) != code):
			t.Errorf("%s: want %s, have %v", text, code, letters)
		}
	}
}
