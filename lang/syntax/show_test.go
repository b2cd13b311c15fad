package syntax

import (
	"os"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
)

func TestShow(t *testing.T) {
	if f := os.Getenv("SHOW"); f != "" {
		s := load(t, f)
		diag.Renderer{}.Render(os.Stdout, parseAny(s))
	}
}
