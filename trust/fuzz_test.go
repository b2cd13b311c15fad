package trust_test

import (
	"math/rand/v2"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/trust"
)

// FuzzAnyOrder lets the fuzzer choose what comes when: what is handed out is
// the authors', see check.
func FuzzAnyOrder(f *testing.F) {
	f.Add(uint64(1), []byte{0, 5, 9, 5, 9, 2, 11, 4, 8, 7, 0, 10})
	f.Fuzz(func(t *testing.T, seed uint64, steps []byte) {
		w := newWorld(t, trust.Config{HeldMax: 16})
		chains := []*chain{w.chain(0, 0, 12), w.chain(0, 1, 3), w.chain(1, 0, 30)}
		for i, b := range steps[:min(len(steps), 500)] {
			w.step(rand.New(rand.NewPCG(seed, uint64(b)<<32|uint64(i))), chains)
			if st := w.Stats(); st.Held < 0 || st.HeldSize < 0 || st.Held > 16 {
				t.Fatalf("%+v", st)
			}
		}
		w.answerAll()
		for i := range 6 {
			w.LinkDown(causal.ReplicaID(idOf(i)))
		}
		w.expectEmpty()
	})
}
