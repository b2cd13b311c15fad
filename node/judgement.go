package node

import (
	"bytes"
	"maps"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/wire"
)

// A flushed state holds no effect of a void part. So a node that judges as the
// one did that flushed it need not read the log to know what is live: see
// docs/why/verdicts-on-demand.md.

// judgedBy names all that verdicts depend on besides the parts of their space:
// the form of the verdicts themselves, whose control records govern, and who
// owns what. It is empty where escrow keeps something.
func (n *Node) judgedBy() []byte {
	if n.bounds != nil {
		return nil
	}
	by := []byte{verdictsForm}
	for _, id := range order.Sorted(maps.Keys(n.stewards), causal.ReplicaID.Compare) {
		by = append(by, id[:]...)
	}
	owned := map[string]bool{}
	for i := range n.cfg.Program.Databases {
		if d := &n.cfg.Program.Databases[i]; d.Placement != plan.Home && d.Placement != plan.Shared {
			owned[d.Dims[d.Space].Name] = true
		}
	}
	for _, name := range order.Sorted(maps.Keys(owned), strings.Compare) {
		by = wire.AppendString(by, name)
	}
	return by
}

// verdictsForm changes when package replica judges otherwise than before.
const verdictsForm = 1

// keepJudged writes down by what the state was judged that is being flushed;
// nothing while a verdict has yet to be applied to it.
func (n *Node) keepJudged() {
	var by []byte
	if n.replica.IsSettled() {
		by = n.judgement
	}
	if stored, ok, _ := n.store.Meta(metaJudged); !ok || !bytes.Equal(stored, by) {
		n.store.PutMeta(metaJudged, by)
	}
}

// wasJudged reports whether the flushed state was judged as this node judges.
func (n *Node) wasJudged() bool {
	stored, ok, err := n.store.Meta(metaJudged)
	return ok && err == nil && len(stored) > 0 && bytes.Equal(stored, n.judgement)
}
