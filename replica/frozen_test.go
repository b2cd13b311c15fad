package replica_test

import (
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/wire/wiretest"
)

func TestFrozen(t *testing.T) {
	wiretest.Frozen(t, "part", sampleParcels(),
		func(parcels []causal.Parcel) []byte { return replica.AppendFrame(nil, parcels) }, replica.DecodeFrame)
	session := replica.Session{at(0, 1, 1), at(1, 1, 300), at(1, 2, 7)}
	sortRefs(session)
	wiretest.Frozen(t, "part.session", session,
		func(s replica.Session) []byte { return s.AppendTo(nil) }, replica.DecodeSession)
}
