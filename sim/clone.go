package sim

import (
	"github.com/martinelli-lang/martinelli/algebra/causal"
)

// Clone adds a machine to the world that has another's key and, if its disk is
// copied, what that had synced: a disk that was copied and is started twice, or,
// for all the others can tell, one author that lies. It is down at first, and
// dials the contacts alone.
//
// From then on the auditor is silent: that each dot is given once is what all
// its rules stand on.
func (w *World) Clone(m *Machine, copyDisk bool, contacts ...*Machine) *Machine {
	w.isCloned = true
	c := newMachine(w, len(w.machines), m.name+"'", m.role)
	for w.machineAt(c.addr()) != nil {
		c.name += "'"
	}
	c.key, c.id, c.ahead, c.contacts = m.key, m.id, m.ahead, contacts
	if copyDisk {
		c.disk = m.disk.Copy()
	}
	w.machines = append(w.machines, c)
	for _, o := range w.machines {
		for len(o.links) > 0 && len(o.links) < len(w.machines) {
			o.links = append(o.links, nil)
		}
	}
	return c
}

// peerOf returns which of the machines with a replica id m is linked with; if
// with none, any of them.
func (m *Machine) peerOf(id causal.ReplicaID) (peer *Machine) {
	for _, o := range m.world.machines {
		if o.id == id && (peer == nil || o.index < len(m.links) && m.links[o.index] != nil) {
			peer = o
		}
	}
	return peer
}
