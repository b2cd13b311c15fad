package node

import (
	"errors"
	"slices"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
)

// A node of a user keeps what all keep and what is his, and a node gives a peer
// nothing that the peer would not keep. Whose node a peer is it says with its
// first words; it is refused where the directory says otherwise.

// facing is whose node a neighbour is, and what it keeps.
type facing struct {
	role, user string
	holding    func(causal.SpaceID) bool // without what was told; nil: all
	offer      *offer                    // what the two have told each other of the others; nil: nothing
}

// Holding returns which of the spaces that nodes exchange one of the role keeps
// for its user; nil: all. A trusted role keeps all, and so does every node of a
// program that is open (plan.IsOpen), but what Roles says only others keep. A role
// that the program does not name is not trusted. What rules come to give a user is not in it.
func Holding(cluster string, p *plan.Program, role, user string) func(causal.SpaceID) bool {
	if r, known := p.Role(role); known && r.Trusted() || p.IsOpen() {
		return nil
	}
	mine := map[causal.SpaceID]bool{
		causal.SpaceOf(cluster, plan.SharedSpace): true,
		causal.SpaceOf(cluster, bulkSpace):        true,
	}
	for name, roles := range p.SpacesOfRoles() {
		mine[causal.SpaceOf(cluster, name)] = slices.Contains(roles, role)
	}
	for i := range p.Databases {
		if d := &p.Databases[i]; d.Placement == plan.ByValue && p.IsOfUsers(i) && user != "" {
			mine[causal.SpaceOf(cluster, d.Dims[d.Space].Name+"="+user)] = true
		}
	}
	return func(space causal.SpaceID) bool { return mine[space] }
}

// Roles returns which roles keep a space that only some share; of any other
// space nil. A trusted role that is not among them keeps all spaces but that.
func Roles(cluster string, p *plan.Program) func(causal.SpaceID) []string {
	spaces := map[causal.SpaceID][]string{}
	for name, roles := range p.SpacesOfRoles() {
		spaces[causal.SpaceOf(cluster, name)] = roles
	}
	return func(space causal.SpaceID) []string { return spaces[space] }
}

// isOf reports whether nodes of a role may keep a space at all.
func (n *Node) isOf(role string, space causal.SpaceID) bool {
	roles := n.roles(space)
	return roles == nil || slices.Contains(roles, role)
}

// keeps reports whether a space that nodes exchange is one that this node keeps.
func (n *Node) keeps(space causal.SpaceID) bool {
	return n.shared(space) && n.isOf(n.cfg.Role, space) && (n.holding == nil || n.holding(space) || n.keeping.mine[space] != "")
}

// mayHave reports whether a peer keeps the space.
func (n *Node) mayHave(peer causal.ReplicaID, space causal.SpaceID) bool {
	f := n.facing[peer]
	return n.isOf(f.role, space) && (f.holding == nil || f.holding(space) || n.keeping.isRuled && n.mayBeOffered(peer, space))
}

// face notes whose node a new neighbour is.
func (n *Node) face(peer causal.ReplicaID, role, user string) {
	f := facing{role: role, user: user, holding: Holding(n.cfg.Cluster, n.cfg.Program, role, user)}
	if n.keeping.isRuled && (f.holding != nil || n.holding != nil) {
		f.offer = newOffer()
	}
	n.facing[peer] = f
}

// contradicts says why a peer is not who it says it is; nil if nothing says so.
// Whose a user's replica is stands in the directory, and stays. A trusted node
// may change its role.
func (n *Node) contradicts(peer causal.ReplicaID, role, user string) error {
	if user != "" && n.isTrusted(role) {
		return errors.New("a node of role " + role + " has no user, and " + peer.Short() + " says it is " + user + "'s")
	}
	reg := n.userOf(peer)
	if reg == nil || reg.User == "" || reg.User == user && !n.isTrusted(role) {
		return nil
	}
	return errors.New("replica " + peer.Short() + " belongs to the user " + reg.User + " for ever, and speaks as " + described(role, user) +
		": run it as that user, or with --new-replica")
}

func described(role, user string) string {
	if user == "" {
		return "a node of role " + role
	}
	return "the user " + user
}

// watchDirectory looks whether a group says whose somebody is.
func (n *Node) watchDirectory(now causal.Instant, g replica.Group) {
	for _, p := range g.Parts {
		isControl := func(e causal.Entry) bool { return e.Database == causal.ControlDatabase }
		if p.Space == n.space(plan.SharedSpace) && slices.ContainsFunc(p.Entries, isControl) {
			n.confront(now)
			return
		}
	}
}

// confront ends the links to neighbours of whom the directory has come to say
// something else than they do.
func (n *Node) confront(now causal.Instant) {
	for _, peer := range n.member.Neighbors() {
		if err := n.contradicts(peer, n.facing[peer].role, n.facing[peer].user); err != nil {
			n.refuse(now, peer, err.Error())
		}
	}
}

// isUsersNode reports whether a neighbour is a node of a user, and whose.
func (n *Node) isUsersNode(peer causal.ReplicaID) (user string, isUsers bool) {
	f := n.facing[peer]
	return f.user, !n.isTrusted(f.role)
}

// commonTo returns which exchanged spaces every node keeps; nil: all.
func commonTo(cluster string, p *plan.Program) func(causal.SpaceID) bool {
	for _, r := range p.Roles {
		if !r.Trusted() {
			return Holding(cluster, p, r.Name, "")
		}
	}
	return nil
}

// isKeptByAll reports whether every node keeps an exchanged space.
func (n *Node) isKeptByAll(space causal.SpaceID) bool {
	return n.roles(space) == nil && (n.common == nil || n.common(space))
}

// holdsNamed tells a run whether a space it writes is kept here; nil: all are.
func (n *Node) holdsNamed() func(space string) bool {
	if n.holding == nil && len(n.cfg.Program.SpacesOfRoles()) == 0 {
		return nil
	}
	return func(space string) bool {
		return space == plan.HomeSpace || n.keeps(n.space(space)) || n.beginHold(space)
	}
}

// relay passes parcels on to the neighbours who keep their spaces: together
// those of the spaces that all keep, the others one by one.
func (n *Node) relay(now causal.Instant, from causal.ReplicaID, parcels []causal.Vouched) {
	var common []causal.Vouched
	for i := range parcels {
		space := parcels[i].Chain().Space
		if n.isKeptByAll(space) {
			common = append(common, parcels[i])
			continue
		}
		for _, b := range n.batches(parcels[i : i+1]) {
			n.cast.RelayTo(now, from, b, func(peer causal.ReplicaID) bool { return n.mayHave(peer, space) })
		}
	}
	for _, b := range n.batches(common) {
		n.cast.Relay(now, from, b)
	}
}
