package cli

import (
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/explain"
)

// A log of SARIF 2.1.0 (OASIS, 2020), the form in which code hosts and editors
// take what a compiler found: the part of it that letters need.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID    string    `json:"id"`
		Short sarifText `json:"shortDescription"`
		Help  sarifText `json:"help"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		Rule    string          `json:"ruleId"`
		Index   int             `json:"ruleIndex"`
		Level   string          `json:"level"`
		Message sarifText       `json:"message"`
		Places  []sarifLocation `json:"locations"`
		Related []sarifLocation `json:"relatedLocations,omitempty"`
	}
	sarifLocation struct {
		ID       int           `json:"id,omitempty"` // of related ones
		Physical sarifPhysical `json:"physicalLocation"`
		Message  *sarifText    `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
	}
)

// tellSARIF prints the letters as a SARIF log.
func tellSARIF(w io.Writer, notes []diag.Diagnostic) error {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "martinelli", Version: release(), Rules: sarifRules(notes)}
	for _, d := range notes {
		run.Results = append(run.Results, sarifResultOf(d.Message(), run.Tool.Driver.Rules))
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0", Runs: []sarifRun{run},
	})
}

// sarifRules returns the codes of the letters, ascending, with their pages.
func sarifRules(notes []diag.Diagnostic) []sarifRule {
	rules := []sarifRule{}
	for _, d := range notes {
		page, known := explain.Lookup(string(d.Code))
		if !known || slices.ContainsFunc(rules, func(r sarifRule) bool { return r.ID == string(d.Code) }) {
			continue
		}
		rules = append(rules, sarifRule{ID: string(page.Code), Short: sarifText{page.Title}, Help: sarifText{page.String()}})
	}
	slices.SortFunc(rules, func(a, b sarifRule) int { return strings.Compare(a.ID, b.ID) })
	return rules
}

func sarifResultOf(m diag.Message, rules []sarifRule) sarifResult {
	r := sarifResult{
		Rule: m.Code, Level: m.Severity, Message: sarifText{sarifMessage(m)}, Places: []sarifLocation{},
		Index: slices.IndexFunc(rules, func(r sarifRule) bool { return r.ID == m.Code }),
	}
	for i, p := range m.Places {
		switch {
		case p.File == "":
		case i == 0:
			r.Places = append(r.Places, sarifLocationOf(p))
		default:
			r.relate(p)
		}
	}
	for _, p := range m.Because {
		if p.File != "" {
			r.relate(p)
		}
	}
	return r
}

// relate adds a place that is not that of the mistake.
func (r *sarifResult) relate(p diag.Place) {
	at := sarifLocationOf(p)
	at.ID = len(r.Related) + 1
	r.Related = append(r.Related, at)
}

// sarifMessage is the letter in words, without its places.
func sarifMessage(m diag.Message) string {
	parts := []string{m.Title}
	if len(m.Places) > 0 && m.Places[0].Text != "" {
		parts[0] += ": " + m.Places[0].Text
	}
	if m.Example != "" {
		parts = append(parts, "Example: "+m.Example)
	}
	for _, way := range m.Ways {
		text := "A way out: " + way.Text
		if way.Cost != "" {
			text += " (" + way.Cost + ")"
		}
		parts = append(parts, text)
	}
	if m.Hint != "" {
		parts = append(parts, "Hint: "+m.Hint)
	}
	return strings.Join(parts, "\n")
}

func sarifLocationOf(p diag.Place) sarifLocation {
	at := sarifLocation{Physical: sarifPhysical{
		Artifact: sarifArtifact{URI: (&url.URL{Path: filepath.ToSlash(p.File)}).String()},
		Region:   sarifRegion{p.Line, p.Column, p.EndLine, p.EndColumn},
	}}
	if p.Text != "" {
		at.Message = &sarifText{p.Text}
	}
	return at
}
