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
	for lines, want := range map[uint64]float64{0: 0.25, 100: 0.5, 300: 1} {
		m.answered(client.Progress{Lines: lines})
		if got := m.bar.State().CurrentPercent; got != want {
			t.Errorf("%d of 300 answered, 100 before: %v, want %v", lines, got, want)
		}
	}
	m.clear()
}
