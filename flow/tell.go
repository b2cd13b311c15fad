package flow

import (
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// What a run says besides what it writes: notices, which are for who listens
// now and are kept nowhere, and events that it raises at the home, which the
// caller records in the run's own commit.

// NoticesMax is how many notices one run may give.
const NoticesMax = 1024

// UploadSizeMax bounds the bytes of one upload, and nameSizeMax those of the
// user it names: so every node can read it.
const (
	UploadSizeMax = 192 << 10
	nameSizeMax   = 256
)

// Notice is a word to whoever listens: about a key, most often a user.
type Notice struct {
	Key, Value         value.Value
	KeyType, ValueType plan.Type
}

// Upload is an event that a run raises at the home.
type Upload struct {
	Event string
	Args  []value.Value
	User  string // who raised the event that the run handles
}

// notify compiles a notice.
func (c *compiler) notify(s *plan.Stmt) stepFn {
	key, val := c.value(s.Args[0]), c.value(s.Args[1])
	keyType, valueType := s.Args[0].Type, s.Args[1].Type
	return func(m *machine) bool {
		n := Notice{key(m), val(m), keyType, valueType}
		if m.abort != "" || !m.spend(1) {
			return false
		}
		r := m.run
		if len(r.notices) == NoticesMax {
			m.stop(AbortSize, "the run gives more notices than a run may")
			return false
		}
		r.notices = append(r.notices, n)
		return true
	}
}

// upload compiles an event that is raised at the home. Its arguments count as
// what the run writes: they are part of the same commit.
func (c *compiler) upload(s *plan.Stmt) stepFn {
	event, args := s.Name, c.values(s.Args)
	return func(m *machine) bool {
		up := Upload{Event: event, Args: make([]value.Value, len(args)), User: m.run.env.User}
		for i, f := range args {
			up.Args[i] = f(m)
		}
		return m.abort == "" && m.spend(1) && m.run.upload(m, up)
	}
}

// upload notes an event that the run raises, within the bounds of the outbox.
func (r *run) upload(m *machine, up Upload) bool {
	size := len(up.Event) + len(up.User)
	for _, v := range up.Args {
		bytes, err := value.EncodeBounded(v)
		if err != nil {
			m.stop(AbortSize, "an argument of an upload has over 64 KiB")
			return false
		}
		size += len(bytes) + 4
	}
	r.size += size
	switch {
	case len(r.uploads) >= r.env.Uploads:
		m.stop(AbortBusy, "as many events as may wait for the home do: raise it again when some have run")
		return false
	case size > UploadSizeMax || len(up.User) > nameSizeMax || r.size > WriteSizeMax:
		m.stop(AbortSize, "the run uploads more than the outbox takes")
		return false
	}
	r.uploads = append(r.uploads, up)
	return true
}
