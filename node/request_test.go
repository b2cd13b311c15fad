package node

import (
	"bytes"
	"testing"

	"github.com/martinelli-lang/martinelli/value"
)

func FuzzRequest(f *testing.F) {
	q := request{ID: 7, Name: "buy", Values: []value.Value{value.Int(1), value.String("x")}, User: "ann", Stream: "s", Seq: 9}
	f.Add(q.appendTo(nil))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := decodeRequest(body)
		if err != nil {
			return
		}
		if again := got.appendTo(nil); !bytes.Equal(again, body) {
			t.Errorf("%x decodes and encodes to %x", body, again)
		}
	})
}

func FuzzReply(f *testing.F) {
	p := reply{ID: 7, Committed: true, Token: []byte{1}, Form: elements, Values: []value.Value{value.Int(4), value.Int(5)}}
	f.Add(p.appendTo(nil))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := decodeReply(body)
		if err != nil {
			return
		}
		if again := got.appendTo(nil); !bytes.Equal(again, body) {
			t.Errorf("%x decodes and encodes to %x", body, again)
		}
	})
}
