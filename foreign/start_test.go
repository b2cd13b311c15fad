package foreign

import (
	"bytes"
	"testing"
)

// plain is memory and nothing else: an Instance that wipes, or does not.
type plain struct {
	Instance
	memory []byte
	wipes  bool
	wrote  int
}

func (p *plain) Size() uint32                        { return uint32(len(p.memory)) }
func (p *plain) Read(at, size uint32) ([]byte, bool) { return p.memory[at : at+size], true }
func (p *plain) Write(at uint32, b []byte) bool {
	p.wrote += len(b)
	return copy(p.memory[at:], b) == len(b)
}

func (p *plain) SetGlobal(string, uint64) {}

func (p *plain) Wipe() bool {
	if p.wipes {
		clear(p.memory)
	}
	return p.wipes
}

// TestResetRestoresMemory, whether the instance wipes or not; where it does, only
// what is there is copied.
func TestResetRestoresMemory(t *testing.T) {
	left := make([]byte, 4<<20)
	for _, at := range []int{0, 5000, 70_000, 70_000 + blockSize, len(left) - 1} {
		left[at] = 7
	}
	for _, wipes := range []bool{false, true} {
		p := &plain{memory: bytes.Clone(left), wipes: wipes}
		m := &Module{}
		s, err := m.Start(p)
		if err != nil {
			t.Fatal(err)
		}
		for at := range p.memory {
			p.memory[at] = 9
		}
		if !m.Reset(p, s) || !bytes.Equal(p.memory, left) {
			t.Errorf("wiping %v: the memory is not what it was", wipes)
		}
		if wipes && p.wrote != 5*blockSize || !wipes && p.wrote != len(left) {
			t.Errorf("wiping %v: %d bytes were written", wipes, p.wrote)
		}
	}
}

// TestAStartLeavesLittle: what every call would copy is bounded.
func TestAStartLeavesLittle(t *testing.T) {
	for _, left := range []int{leftMax, leftMax + blockSize} {
		p := &plain{memory: make([]byte, 16<<20)}
		for at := range left {
			p.memory[at] = 1
		}
		if _, err := new(Module).Start(p); (err == nil) != (left == leftMax) {
			t.Errorf("%d bytes: %v", left, err)
		}
	}
}
