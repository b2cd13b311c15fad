package node

// AdmitRequest is what a node sends to say that it is of a role and a user.
func AdmitRequest(id uint64, role, user string) []byte {
	q := request{ID: id, Op: opAdmit, Name: role, User: user}
	return q.appendTo(nil)
}

// ReplyAbort returns to which request a reply is, and its word for what aborted it.
func ReplyAbort(body []byte) (id uint64, abort string, err error) {
	p, err := decodeReply(body)
	return p.ID, p.Abort, err
}

// IsGrantRequest reports whether a request asks for the right to write a key.
func IsGrantRequest(body []byte) bool {
	q, err := decodeRequest(body)
	return err == nil && q.Op == opGrant
}
