package native

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/overlay/member"
	"github.com/martinelli-lang/martinelli/trust/admission"
	"github.com/martinelli-lang/martinelli/wire"
)

// link is one connection per channel to one peer. Partisan showed why: a long
// transfer in front of a ping on one connection looks like a dead peer
// (C. S. Meiklejohn et al., ATC 2019, section 3.2).
type link struct {
	peer    causal.ReplicaID // by its certificate's key and its incarnation
	preface preface          // what it said first
	dialed  string           // the address this node dialled, or ""
	steward bool             // its certificate is the steward's
	user    string           // whose node it may be by its certificate; "" for anybody's
	issued  causal.Instant   // when its certificate was signed, of a user's
	public  [32]byte         // the peer's key
	guest   *admission.Peer  // who showed a pass instead of a certificate

	conns    [wire.Channels]net.Conn
	waiting  [wire.Channels]chan struct{} // tokens for the frames of a guest that wait for the owner; nil where there is no bound
	queues   [wire.Channels]*sendQueue
	received [wire.Channels]atomic.Uint64 // bytes

	once sync.Once
	done chan struct{} // closed when the link ends
	why  atomic.Pointer[string]
}

// kindRefused is a host's last frame on a link: its body is a sentence that
// says why. Kinds of node are counted from 1.
const kindRefused uint8 = 255

// refusalMax bounds that sentence.
const refusalMax = 4 << 10

// A refusal is why the other side of a link or a join says no.
type refusal string

func (r refusal) Error() string { return "the other side refuses: " + string(r) }

var queueSizeMax = [wire.Channels]int{
	wire.Control: ControlSizeMax,
	wire.Commits: CommitsSizeMax,
	wire.Bulk:    BulkSizeMax,
}

func newLink(peer causal.ReplicaID, p preface) *link {
	l := &link{peer: peer, preface: p, done: make(chan struct{})}
	for c := range l.queues {
		l.queues[c] = newSendQueue(queueSizeMax[c])
	}
	return l
}

// certify notes what the peer's certificate says of it.
func (l *link) certify(c *x509.Certificate) {
	l.steward, l.user, l.issued = isSteward(c), userOf(c), issuedOf(c)
	if public, err := publicKey(c); err == nil {
		l.public = [32]byte(public)
	}
}

// welcome notes who showed a pass.
func (l *link) welcome(guest *admission.Peer) {
	l.guest, l.peer, l.public = guest, guest.Key.ID(), guest.Key.Public
	l.preface = preface{guest.Nonce, guest.Key.Incarnation, guest.Epoch, guest.Hello}
	for c := range l.waiting {
		l.waiting[c] = make(chan struct{}, GuestInputs)
	}
}

// tokensOf is how many a frame takes: one, and one more for each guestStep of it.
// The largest takes half of them.
func tokensOf(f *wire.Frame) int { return 1 + len(f.Body)/guestStep }

const guestStep = 2 * wire.FrameMax / GuestInputs

// enter waits until one more frame of the link may wait for the owner; false
// once the link has ended. One goroutine of a channel calls it.
func (l *link) enter(f *wire.Frame) bool {
	if l.waiting[f.Channel] == nil {
		return true
	}
	for range tokensOf(f) {
		select {
		case l.waiting[f.Channel] <- struct{}{}:
		case <-l.done:
			return false
		}
	}
	return true
}

// leave says that a frame waits no more.
func (l *link) leave(f *wire.Frame) {
	if l.waiting[f.Channel] != nil {
		for range tokensOf(f) {
			<-l.waiting[f.Channel]
		}
	}
}

// asMember is the link as package member compares two to one peer.
func (l *link) asMember() member.Link {
	return member.Link{Dialed: l.dialed != "", Epoch: l.preface.epoch}
}

// send queues a message; links.go says what happens where its queue is full.
func (l *link) send(m *node.Message) {
	ok := l.queues[m.Channel].push(wire.HeaderSize+len(m.Body), func(b []byte) []byte {
		return wire.AppendFrame(b, m.Channel, m.Kind, m.Body)
	})
	switch {
	case ok:
	case m.Channel == wire.Control:
		l.close(fmt.Errorf("it takes no control messages: %d bytes are waiting", ControlSizeMax))
	case m.Kind == node.KindRequest:
		l.close(fmt.Errorf("it takes no requests: %d bytes are waiting", CommitsSizeMax)) // a later one may not overtake this one
	}
}

// serve moves frames until the link ends, and returns when all its goroutines have.
// ended is told why reading from a connection ended, and ends the link.
func (l *link) serve(receive func(*link, wire.Frame) error, ended func(error)) {
	var all sync.WaitGroup
	for c := range l.conns {
		all.Go(func() { l.close(l.write(wire.Channel(c))) })
		all.Go(func() { ended(l.read(wire.Channel(c), receive)) })
	}
	all.Wait()
}

// write sends what is queued, as much at once as has gathered.
func (l *link) write(c wire.Channel) error {
	var spare []byte
	for {
		b, ok := l.queues[c].take(spare)
		if !ok {
			return nil
		}
		if _, err := l.conns[c].Write(b); err != nil {
			return err
		}
		spare = b
		if cap(spare) > spareMax {
			spare = nil
		}
	}
}

// spareMax is the largest buffer a connection keeps for its next write.
const spareMax = 1 << 20

// readBuffer is how much a connection reads at once: about two TLS records.
const readBuffer = 32 << 10

// read hands each frame on. A frame that is damaged, of another version or of
// another channel ends the link, and says so.
func (l *link) read(c wire.Channel, receive func(*link, wire.Frame) error) error {
	frames := wire.NewFrameReader(bufio.NewReaderSize(l.conns[c], readBuffer), wire.FrameMax)
	for {
		f, err := frames.Next()
		switch {
		case err != nil:
			return err
		case f.Channel != c:
			return fmt.Errorf("a frame for %v came on %v: %w", f.Channel, c, wire.ErrChannel)
		case f.Kind == kindRefused:
			return refusal(f.Body[:min(len(f.Body), refusalMax)])
		}
		l.received[c].Add(uint64(wire.HeaderSize + len(f.Body)))
		if err := receive(l, f); err != nil {
			return err
		}
	}
}

// blame notes why the link ends, before it does. The first reason holds.
func (l *link) blame(why string) { l.why.CompareAndSwap(nil, &why) }

// reason says why the link ended.
func (l *link) reason() string {
	if p := l.why.Load(); p != nil {
		return *p
	}
	return "the connection closed"
}

// close ends the link. The first error is its reason.
func (l *link) close(err error) {
	l.once.Do(func() {
		if err != nil {
			l.blame(linkReason(err))
		}
		close(l.done)
		for c := range l.conns {
			l.queues[c].close()
			hangUp(l.conns[c])
		}
	})
}

// refuse says why on the control connection, where the peer will show it, and
// ends the link.
func (l *link) refuse(why error) {
	sayRefused(l.conns[wire.Control], why)
	l.close(why)
}

// sayRefused sends the last frame of a link, and waits a moment for the peer
// to hang up: closing first, with bytes unread, would take the sentence back.
func sayRefused(conn net.Conn, why error) {
	sentence := why.Error()
	conn.SetDeadline(time.Now().Add(refusalTimeout))
	_, err := conn.Write(wire.AppendFrame(nil, wire.Control, kindRefused, []byte(sentence[:min(len(sentence), refusalMax)])))
	if err != nil {
		return
	}
	if t, ok := conn.(*tls.Conn); ok {
		t.CloseWrite()
	}
	io.Copy(io.Discard, conn)
}

// refusalTimeout is how long a refusal waits to be heard.
const refusalTimeout = time.Second

// hangUp closes a connection at once. Closing TLS properly would wait for
// the peer to take one more record, which a stalled one never does.
func hangUp(conn net.Conn) {
	if conn == nil {
		return
	}
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	conn.Close()
}

// linkReason turns an error of a connection into words.
func linkReason(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
		return "the connection closed"
	}
	return err.Error()
}
