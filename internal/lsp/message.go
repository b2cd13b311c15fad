package lsp

import (
	"encoding/json"
	"fmt"
)

// message is a request, a notification or an answer of the client.
type message struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"` // a number or a string; none: a notification
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`

	flaw *failure // it can't be read
	err  error    // it is no message: a frame that was refused, or the end
}

func (m *message) isRequest() bool { return m.Method != "" && len(m.ID) > 0 }

// answer is what a request gets: exactly one of Result and Error is written.
type answer struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *failure        `json:"error,omitempty"`
}

// call is a notification or a request of the server.
type call struct {
	Version string `json:"jsonrpc"`
	ID      any    `json:"id,omitempty"`
	Method  string `json:"method"`
	Params  any    `json:"params"`
}

// failure is the error of an answer.
type failure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (f *failure) Error() string { return f.Message }

// The codes of JSON-RPC 2.0 section 5.1 and of LSP 3.17 that are used.
const (
	parseError           = -32700
	invalidRequest       = -32600
	methodNotFound       = -32601
	invalidParams        = -32602
	internalError        = -32603
	serverNotInitialized = -32002
	requestCancelled     = -32800
	requestFailed        = -32803
)

func failed(code int, text string, args ...any) *failure {
	return &failure{code, fmt.Sprintf(text, args...)}
}

// parse reads the body of a frame.
func parse(body []byte) message {
	var m message
	if !json.Valid(body) {
		return message{flaw: failed(parseError, "a message is no JSON: %.60q", body)}
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return message{flaw: failed(invalidRequest, "a message is no object of JSON-RPC: %v", err)}
	}
	if string(m.ID) == "null" {
		m.ID = nil
	}
	if len(m.ID) > 0 && m.ID[0] != '"' && (m.ID[0] < '0' || m.ID[0] > '9') && m.ID[0] != '-' {
		return message{flaw: failed(invalidRequest, "an id is a number or a string, not %.60s", m.ID)}
	}
	if m.Version != "2.0" {
		m.flaw = failed(invalidRequest, "a message says jsonrpc %q, not \"2.0\"", m.Version)
	}
	return m
}
