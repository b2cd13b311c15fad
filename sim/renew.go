package sim

import (
	"fmt"

	"github.com/martinelli-lang/martinelli/sim/fault"
)

// Restore adds a machine to the world with a copy of what another's disk had
// synced, and with an id of its own: a backup that is restored while the other
// may live on. It is down at first. The auditor is silent from then on.
func (w *World) Restore(m *Machine) *Machine {
	c := w.Clone(m, true)
	c.former = append(c.former, m.former...)
	c.renew()
	return c
}

// renew gives a machine another key, and remembers the id it had.
func (m *Machine) renew() {
	m.former = append(m.former, m.id)
	m.key = keyOf(fmt.Sprint(m.name, "#", len(m.former)))
	m.id = m.key.ID()
	m.renews = true
}

// restartRenewed does what a host does whose node asks for another id.
func (m *Machine) restartRenewed() {
	m.Crash(fault.KeepAll)
	m.renew()
	if err := m.Start(); err != nil {
		m.world.audit.Report(m.index, ruleReopen, "%v", err)
	}
}
