package node

import (
	"reflect"
	"testing"
)

// FuzzHold: whatever a neighbour says of what may be held is refused or read,
// and what was read is said again in the same way.
func FuzzHold(f *testing.F) {
	w := holdWord{No: 1, Whole: true, Gained: []string{"user_id=ann"}, Lost: []string{"room=7"}}
	f.Add(w.appendTo(nil))
	f.Add(appendHeard(nil, 300))
	f.Fuzz(func(t *testing.T, body []byte) {
		if w, err := decodeHoldWord(body); err == nil {
			if again, err := decodeHoldWord(w.appendTo(nil)); err != nil || !reflect.DeepEqual(w, again) {
				t.Errorf("%+v is read again as %+v, %v", w, again, err)
			}
		}
		if no, err := decodeHeard(body); err == nil {
			if again, err := decodeHeard(appendHeard(nil, no)); err != nil || no != again {
				t.Errorf("%d is read again as %d, %v", no, again, err)
			}
		}
		if names, err := decodeHeld(body); err == nil && len(names) > holdListMax {
			t.Errorf("%d names", len(names))
		}
	})
}
