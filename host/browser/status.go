package browser

import (
	"maps"
	"strconv"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/replica"
)

// viaNames are the names of links, by Via.
var viaNames = [...]string{"websocket", "webrtc", "broadcast"}

// status is what the host knows of a Status of protocol.ts, as JSON.
func (h *Host) status() []byte {
	s := h.node.Status()
	rtt, suspect := map[causal.ReplicaID]causal.Instant{}, map[causal.ReplicaID]bool{}
	for _, m := range s.Members {
		rtt[m.ID], suspect[m.ID] = m.RTT, m.State == member.Suspect
	}
	hasServer := false
	b := append([]byte(nil), `{"peers":[`...)
	for i, id := range order.Sorted(maps.Keys(h.links.byPeer), causal.ReplicaID.Compare) {
		k := h.links.byPeer[id]
		role, _ := h.program.Role(k.member.Role)
		hasServer = hasServer || role.Trusted()
		if i > 0 {
			b = append(b, ',')
		}
		b = jsonvalue.AppendString(append(b, `{"id":`...), id.String())
		b = jsonvalue.AppendString(append(b, `,"name":`...), k.member.Name)
		b = jsonvalue.AppendString(append(b, `,"role":`...), k.member.Role)
		b = append(b, `,"via":"`+viaNames[min(int(k.via), len(viaNames)-1)]...)
		b = append(b, `","state":"`...)
		if suspect[id] {
			b = append(b, "suspect"...)
		} else {
			b = append(b, "alive"...)
		}
		b = appendNumber(append(b, '"'), "rtt", uint64(rtt[id]/Microsecond)) // the worker makes it milliseconds
		b = appendNumber(b, "sent", k.sent)
		b = append(appendNumber(b, "received", k.received), '}')
	}
	b = append(b, `],"online":`...)
	b = strconv.AppendBool(b, len(h.links.byPeer) > 0)
	b = append(b, `,"server":`...)
	b = strconv.AppendBool(b, hasServer)
	written, matched := h.node.Written()
	b = appendNumber(b, "unsynced", written-matched)
	b = appendNumber(b, "pending", uint64(s.Outbox+s.Begun+s.Serial))
	b = appendNumber(b, "members", uint64(len(s.Members)))
	live, files := h.disk.Size()
	b = appendNumber(appendNumber(b, "live", live), "files", files)
	barred := ""
	if s.Barred != replica.Valid {
		barred = s.Barred.String()
	}
	b = jsonvalue.AppendString(append(b, `,"barred":`...), barred)
	return append(b, '}')
}

func appendNumber(b []byte, name string, v uint64) []byte {
	return strconv.AppendUint(append(b, `,"`+name+`":`...), v, 10)
}
