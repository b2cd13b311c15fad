package browsertest

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli"
	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/overlay/broadcast"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/trust/trusttest"
	"github.com/martinelli-lang/martinelli/wire"
)

// assault is what a hostile page says over a link that is up.
type assault struct {
	Name    string       `json:"name"`
	Channel wire.Channel `json:"channel"`
	Bytes   []byte       `json:"bytes"`
	Times   int          `json:"times"`
	Ends    bool         `json:"ends"` // the link, by whom it is said to
}

func assaults(cluster string) []assault {
	die := rand.New(rand.NewPCG(6, 6))
	noise := make([]byte, 1000)
	for i := range noise {
		noise[i] = byte(die.Uint32())
	}
	giant := append(wire.AppendUint32(nil, 10<<20), wire.Version, byte(wire.Bulk), wire.KindRepair, 0, 0, 0, 0)
	damaged := wire.AppendFrame(nil, wire.Commits, wire.KindBroadcast, noise)
	damaged[40] ^= 1
	other := wire.AppendFrame(nil, wire.Commits, wire.KindBroadcast, nil)
	other[4]++
	return []assault{
		{"forged parts", wire.Commits, forged(cluster, die), 1, false},
		{"noise", wire.Control, noise, 1, true},
		{"a frame of 10 MB", wire.Bulk, append(giant, make([]byte, 10<<20)...), 1, true},
		{"a damaged frame", wire.Commits, damaged, 1, true},
		{"another version", wire.Commits, other, 1, true},
		{"a frame on another channel", wire.Bulk, wire.AppendFrame(nil, wire.Commits, wire.KindRepair, nil), 1, true},
		{"a body that is none", wire.Commits, wire.AppendFrame(nil, wire.Commits, wire.KindBroadcast, noise), 1, true},
		{"a greeting on a link that is up", wire.Control, wire.AppendFrame(nil, wire.Control, wire.KindGreeting, noise[:300]), 1, true},
	}
}

// forged is frames of lies about others' parts, each as a push.
func forged(cluster string, die *rand.Rand) (frames []byte) {
	const known, parts, lies = 10, 200, 300
	space := causal.SpaceOf(cluster, plan.SharedSpace)
	forger := &trusttest.Forger{
		Rnd: die, Known: map[causal.Chain]uint64{},
		Authors: []*trusttest.Author{trusttest.NewAuthor("erin", space, parts), trusttest.NewAuthor("finn", space, parts)},
		Others:  []causal.Key{trusttest.NewAuthor("gail", space, 0).Key},
		Spaces:  []causal.SpaceID{causal.SpaceOf(cluster, "user_id=ann"), causal.SpaceOf(cluster, plan.HomeSpace)},
		Secret:  trusttest.NewAuthor("mallory", space, 0),
	}
	push := uint64(0)
	send := func(frame []byte, parts int) {
		push++
		body := broadcast.Push{No: push, Batch: broadcast.Batch{Parts: min(parts, len(frame)), Body: frame}}.AppendTo(nil)
		frames = wire.AppendFrame(frames, wire.Commits, wire.KindBroadcast, body)
	}
	for _, author := range forger.Authors {
		forger.Known[author.Chain] = known
		send(replica.AppendFrame(nil, []causal.Parcel{author.Parcel(1, known)}), known)
	}
	for range lies {
		if lie := forger.Next(); isFrame(lie.Frame) { // a frame that is none ends the link
			send(lie.Frame, lie.Parts)
		}
	}
	return frames
}

func isFrame(b []byte) bool {
	_, err := replica.DecodeFrame(b)
	return err == nil
}

// forge serves what hostile pages say, which only Go can write: of a cluster
// that there is when the story is told.
func forge(t *testing.T) *httptest.Server {
	t.Helper()
	text, err := os.ReadFile("stories/hostile.mrt")
	if err != nil {
		t.Fatal(err)
	}
	lawless, err := martinelli.Compile("hostile.mrt", strings.ReplaceAll(string(text), "me == user_id or me in friends[:user_id]", "true"))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /lawless", func(w http.ResponseWriter, _ *http.Request) { w.Write(plan.Encode(lawless.Plan)) })
	mux.HandleFunc("GET /assaults", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(assaults(r.URL.Query().Get("cluster")))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}
