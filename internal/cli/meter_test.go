package cli

import (
	"io"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/internal/client"
)

// TestMeterShowsWhatIsAnswered: not what was read ahead.
func TestMeterShowsWhatIsAnswered(t *testing.T) {
	taken, rest := strings.Repeat("line\n", 100), strings.Repeat("line\n", 300)
	m := &meter{in: strings.NewReader(rest), skipped: 100, skippedSize: int64(len(taken))}
	var screen strings.Builder
	m.draw(&screen, int64(len(taken)+len(rest)))
	if _, err := io.Copy(io.Discard, m); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		lines uint64
		want  float64
	}{{0, 0.25}, {100, 0.5}, {300, 1}} { // in this order: a bar that is full stays so
		m.answered(client.Progress{Lines: c.lines})
		if got := m.bar.State().CurrentPercent; got != c.want {
			t.Errorf("%d of 300 answered, 100 before: %v, want %v", c.lines, got, c.want)
		}
	}
	m.clear()
}
