package trust

// Gates returns at how many chains something waits, or is ahead of the replica.
func (m *Machine) Gates() (busy int) {
	for _, g := range m.gates {
		if !m.isIdle(g) {
			busy++
		}
	}
	return busy
}

// Peers returns of how many peers something waits.
func (m *Machine) Peers() int { return len(m.peers) }

// Strikers returns of how many peers the bad seals are counted.
func (m *Machine) Strikers() int { return len(m.strikes) }
