package cli

import (
	"bytes"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/martinelli-lang/martinelli/internal/client"
	"github.com/schollz/progressbar/v3"
)

// meter shows how much of an input the node has answered. That is not how much
// was read of it: the connection takes megabytes ahead. The bar is a courtesy:
// where it can't be drawn the load goes on.
type meter struct {
	in  io.Reader
	bar *progressbar.ProgressBar // nil where nobody looks

	skipped     uint64 // lines that were taken before
	skippedSize int64  // and their bytes

	lines, size atomic.Int64 // read; the connection reads on a goroutine of its own
}

// draw shows the meter from now on. size is that of the whole input; -1 where
// it is not known.
func (m *meter) draw(w io.Writer, size int64) {
	m.bar = progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(w),
		progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100_000_000))
	_ = m.bar.Set64(m.skippedSize)
}

// Read reads the input and counts.
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.in.Read(p)
	m.size.Add(int64(n))
	m.lines.Add(int64(bytes.Count(p[:n], []byte("\n"))))
	return n, err
}

// answered moves the bar. Lines are about equally long, so the share of the
// lines read that are answered is the share of the bytes.
func (m *meter) answered(p client.Progress) {
	if m.bar == nil {
		return
	}
	m.bar.Describe(fmt.Sprintf("%d lines", m.skipped+p.Lines))
	share := float64(p.Lines) / float64(max(m.lines.Load(), 1))
	_ = m.bar.Set64(m.skippedSize + int64(min(share, 1)*float64(m.size.Load())))
}

// clear leaves the terminal's line to what is said next.
func (m *meter) clear() {
	if m.bar != nil {
		_ = m.bar.Clear()
	}
}
