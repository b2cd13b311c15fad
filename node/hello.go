package node

import (
	"errors"
	"strconv"

	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/wire"
)

// Bounds of a hello.
const (
	clusterMax   = 128
	databasesMax = 1 << 12
	typeMax      = 16 << 10
)

// Hello returns this node's first words on a new link: the protocol version,
// the cluster, who it is, the types of its databases and, of a
// user's node, whose it is.
func (n *Node) Hello() []byte {
	b := wire.AppendUvarint(nil, wire.Version)
	b = wire.AppendString(b, n.cfg.Cluster)
	b = n.member.Self().AppendTo(b)
	b = appendSchema(b, n.cfg.Program.Schema())
	if n.isUsers() {
		b = wire.AppendString(b, n.cfg.User)
	}
	return b
}

func appendSchema(b []byte, s plan.Schema) []byte {
	b = wire.AppendUvarint(b, uint64(len(s)))
	for _, d := range s {
		for _, text := range []string{d.Name, d.Dims, d.Lattice, d.Placement} {
			b = wire.AppendString(b, text)
		}
	}
	return b
}

func readSchema(r *wire.Reader) plan.Schema {
	s := make(plan.Schema, r.Count(databasesMax, 4))
	for i := range s {
		s[i] = plan.Stored{Name: r.String(nameMax), Dims: r.String(typeMax), Lattice: r.String(typeMax), Placement: r.String(nameMax)}
	}
	return s
}

// decodeSchema decodes b, which must hold one schema and nothing else.
func decodeSchema(b []byte) (plan.Schema, error) {
	r := wire.NewReader(b)
	s := readSchema(r)
	return s, r.Done()
}

// judge reads a peer's hello and says whether this node can work with it. The
// version comes first, so that what another version says after it is not read.
func (n *Node) judge(hello []byte) (peer member.Member, user string, err error) {
	r := wire.NewReader(hello)
	if v := r.Uvarint(); r.Err() == nil && v != wire.Version {
		return member.Member{}, "", errors.New("unknown protocol version: one side speaks " + strconv.FormatUint(v, 10) +
			", the other " + strconv.Itoa(wire.Version) + "; run the same release of martinelli on both")
	}
	cluster := r.String(clusterMax)
	peer = member.ReadMember(r)
	schema := readSchema(r)
	if r.Len() > 0 {
		user = r.String(nameMax)
	}
	if err := r.Done(); err != nil {
		return peer, "", errors.New("the first words of the link are malformed: " + err.Error())
	}
	switch {
	case cluster != n.cfg.Cluster:
		return peer, "", errors.New("another cluster: one side belongs to " + cluster + ", the other to " + n.cfg.Cluster)
	case peer.ID == n.self:
		return peer, "", errors.New("both sides are replica " + peer.ID.Short() +
			": one store was copied; start the copy with run --new-replica")
	}
	if clash := plan.CompareSchema(n.cfg.Program.Schema(), schema); clash != "" {
		return peer, "", errors.New("the programs do not fit: " + clash)
	}
	return peer, user, nil
}
