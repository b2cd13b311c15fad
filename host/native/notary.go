package native

import (
	"crypto/ed25519"
	"runtime"
	"sync"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/trust"
)

// notary makes and checks the node's signatures beside the owner goroutine.
// What waits for it is bounded by the node: trust.Config bounds the parcels
// held, and of an own chain one seal is made at a time.
type notary struct {
	key    func(author causal.ReplicaID) ed25519.PrivateKey
	answer func([]trust.Signed, []trust.Verified) bool // false: the host is stopping
	make   func([]trust.SignRequest) []trust.Signed
	check  func([]trust.VerifyRequest) []trust.Verified

	mu     sync.Mutex
	sign   []trust.SignRequest
	verify []trust.VerifyRequest
	ready  chan struct{} // holds one token while something waits
}

func newNotary(key func(causal.ReplicaID) ed25519.PrivateKey, answer func([]trust.Signed, []trust.Verified) bool) *notary {
	n := &notary{key: key, answer: answer, check: verified, ready: make(chan struct{}, 1)}
	n.make = n.signed
	return n
}

// take queues the requests of an output.
func (n *notary) take(out *node.Output) {
	if len(out.Sign)+len(out.Verify) == 0 {
		return
	}
	n.mu.Lock()
	n.sign = append(n.sign, out.Sign...)
	n.verify = append(n.verify, out.Verify...)
	n.mu.Unlock()
	out.Sign, out.Verify = nil, nil
	select {
	case n.ready <- struct{}{}:
	default:
	}
}

// run answers requests until stop is closed.
func (n *notary) run(stop <-chan struct{}) {
	for {
		select {
		case <-n.ready:
		case <-stop:
			return
		}
		n.mu.Lock()
		sign, verify := n.sign, n.verify
		n.sign, n.verify = nil, nil
		n.mu.Unlock()
		if !n.answer(n.make(sign), n.check(verify)) {
			return
		}
	}
}

func (n *notary) signed(list []trust.SignRequest) []trust.Signed {
	answers := make([]trust.Signed, len(list))
	for i, q := range list {
		answers[i] = trust.Signed{ID: q.ID, Signature: causal.Signature(ed25519.Sign(n.key(q.Author), q.Statement))}
	}
	return answers
}

// verified checks signatures, on every processor where there are many: when a
// long log comes in, that is what takes the time.
func verified(list []trust.VerifyRequest) []trust.Verified {
	answers := make([]trust.Verified, len(list))
	const alone = 8 // as many are checked sooner than others are woken
	share := max(alone, (len(list)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	for from := 0; from < len(list); from += share {
		part, into := list[from:min(from+share, len(list))], answers[from:]
		all.Go(func() {
			for i, q := range part {
				into[i] = trust.Verified{ID: q.ID, IsGood: ed25519.Verify(q.Public[:], q.Statement, q.Signature[:])}
			}
		})
	}
	all.Wait()
	return answers
}
