package lsp

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"sync"
)

// queueMax bounds the messages that were read and not answered. Beyond it the
// client waits.
const queueMax = 256

// gcPercent lets a program be compiled without a collection of what the edit
// before left: that is some ten megabytes, and all of it is let go.
const gcPercent = 400

// Server answers one client.
type Server struct {
	out      io.Writer
	log      io.Writer
	world    *world
	encoding encoding

	state   state
	pending pending
	lost    error // of writing: the client is gone
	mayAsk  bool  // the client lets the server ask for news of files
}

// state is how far the conversation has come (LSP 3.17, "Server lifecycle").
type state uint8

const (
	fresh    state = iota // before initialize
	serving               //
	shutDown              // after shutdown: only exit is heard
)

// Serve answers a client until it says exit, or is gone. It returns the
// status that the process ends with: 0 where shutdown came before the end, 1
// where it did not. What is wrong with the conversation is told to log.
func Serve(in io.Reader, out, log io.Writer) int {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	s := &Server{
		out: out, log: log, encoding: utf16,
		world:   &world{open: map[string]opened{}, disk: map[string]onDisk{}, folders: map[string]*folder{}},
		pending: pending{ids: map[string]bool{}},
	}
	queue := make(chan message, queueMax)
	done := make(chan struct{})
	defer close(done)
	go s.receive(bufio.NewReader(in), queue, done)
	for s.lost == nil {
		m, ok := s.next(queue)
		if !ok {
			break
		}
		if m.Method == "exit" && !m.isRequest() {
			break
		}
		s.handle(m)
	}
	if s.state == shutDown {
		return 0
	}
	return 1
}

// next returns the next message. Where there is none yet, what was edited is
// compiled and published first.
func (s *Server) next(queue <-chan message) (message, bool) {
	select {
	case m, ok := <-queue:
		return m, ok
	default:
	}
	s.publish()
	m, ok := <-queue
	return m, ok
}

// receive reads messages into the queue, and notes at once what is cancelled.
func (s *Server) receive(in *bufio.Reader, queue chan<- message, done <-chan struct{}) {
	defer close(queue)
	for {
		body, err := readFrame(in)
		var large tooLarge
		var m message
		switch {
		case errors.As(err, &large):
			m = message{flaw: failed(invalidRequest, "%v", err)}
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			m = message{err: err}
		default:
			m = parse(body)
		}
		switch {
		case m.Method == "$/cancelRequest":
			s.pending.cancel(m.Params)
			continue
		case m.isRequest():
			s.pending.add(m.ID)
		}
		select {
		case queue <- m:
		case <-done:
			return
		}
		if m.err != nil {
			return
		}
	}
}

// pending knows the requests that wait, and which of them are cancelled.
type pending struct {
	sync.Mutex
	ids map[string]bool // true: cancelled
}

func (p *pending) add(id json.RawMessage) {
	p.Lock()
	defer p.Unlock()
	p.ids[string(id)] = false
}

func (p *pending) cancel(params json.RawMessage) {
	var of struct{ ID json.RawMessage }
	if json.Unmarshal(params, &of) != nil {
		return
	}
	p.Lock()
	defer p.Unlock()
	if _, waits := p.ids[string(of.ID)]; waits {
		p.ids[string(of.ID)] = true
	}
}

// take ends the waiting of a request, and reports whether it was cancelled.
func (p *pending) take(id json.RawMessage) bool {
	p.Lock()
	defer p.Unlock()
	isCancelled := p.ids[string(id)]
	delete(p.ids, string(id))
	return isCancelled
}

// handle does what a message asks for.
func (s *Server) handle(m message) {
	switch {
	case m.err != nil:
		s.say("the conversation ends: %v", m.err)
		return
	case m.flaw != nil:
		s.pending.take(m.ID)
		s.say("%s", m.flaw.Message)
		s.answer(m.ID, nil, m.flaw)
		return
	case m.Method == "":
		return // an answer to what the server asked
	}
	if m.isRequest() && s.pending.take(m.ID) {
		s.answer(m.ID, nil, failed(requestCancelled, "cancelled"))
		return
	}
	result, err := s.attempt(m)
	switch {
	case m.isRequest():
		s.answer(m.ID, result, err)
	case err != nil && err.Code != methodNotFound:
		s.say("%s: %s", m.Method, err.Message)
	}
}

// attempt answers a request, or hears a notification. A mistake of the server
// ends the answer, and not the server.
func (s *Server) attempt(m message) (result any, err *failure) {
	if bug := s.guarded(m.Method, func() { result, err = s.dispatch(m) }); bug != nil {
		return nil, bug
	}
	return result, err
}

// guarded does something, and keeps a mistake of the server from ending it.
func (s *Server) guarded(what string, do func()) (bug *failure) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(s.log, "%s: %v\n%s", what, p, debug.Stack())
			bug = failed(internalError, "a mistake of martinelli in %s: please report it, with the program: %v", what, p)
		}
	}()
	do()
	return nil
}

func (s *Server) dispatch(m message) (any, *failure) {
	switch {
	case s.state == shutDown && m.isRequest():
		return nil, failed(invalidRequest, "nothing is answered after shutdown")
	case s.state == fresh && m.Method != "initialize" && m.isRequest():
		return nil, failed(serverNotInitialized, "initialize comes first")
	case s.state != serving && m.Method != "initialize":
		return nil, nil
	}
	verb, ok := methods[m.Method]
	if !ok {
		return nil, failed(methodNotFound, "there is no method %.60q here", m.Method)
	}
	return verb(s, m.Params)
}

// method answers requests of one name, or hears notifications.
type method func(s *Server, params json.RawMessage) (any, *failure)

// methods are those of the protocol that are understood.
var methods map[string]method

func init() {
	methods = map[string]method{
		"initialize": with((*Server).initialize), "initialized": with((*Server).initialized),
		"shutdown":             func(s *Server, _ json.RawMessage) (any, *failure) { s.state = shutDown; return nil, nil },
		"textDocument/didOpen": with((*Server).didOpen), "textDocument/didChange": with((*Server).didChange),
		"textDocument/didClose": with((*Server).didClose), "textDocument/didSave": with((*Server).didSave),
		"workspace/didChangeWatchedFiles": with((*Server).didChangeWatchedFiles),
		"textDocument/hover":              with((*Server).hover), "textDocument/definition": with((*Server).definition),
		"textDocument/references": with((*Server).references), "textDocument/documentHighlight": with((*Server).highlights),
		"textDocument/prepareRename": with((*Server).prepareRename), "textDocument/rename": with((*Server).rename),
		"textDocument/completion": with((*Server).completion), "textDocument/codeAction": with((*Server).codeActions),
		"textDocument/documentSymbol": with((*Server).symbols), "textDocument/formatting": with((*Server).formatting),
	}
}

// with reads the parameters of a method.
func with[P any](verb func(*Server, P) (any, *failure)) method {
	return func(s *Server, params json.RawMessage) (any, *failure) {
		var p P
		if len(params) > 0 {
			if err := json.Unmarshal(params, &p); err != nil {
				return nil, failed(invalidParams, "the parameters can't be read: %v", err)
			}
		}
		return verb(s, p)
	}
}

func (s *Server) initialize(p initializeParams) (any, *failure) {
	if s.state != fresh {
		return nil, failed(invalidRequest, "initialize comes once")
	}
	s.state = serving
	if slices.Contains(p.Capabilities.General.PositionEncodings, string(utf8s)) {
		s.encoding = utf8s
	}
	if p.RootURI == "" && len(p.WorkspaceFolders) > 0 {
		p.RootURI = p.WorkspaceFolders[0].URI
	}
	if p.RootURI != "" {
		s.world.root = pathOf(p.RootURI)
	}
	s.mayAsk = p.Capabilities.Workspace.DidChangeWatchedFiles.DynamicRegistration
	return map[string]any{
		"serverInfo": map[string]any{"name": "martinelli"},
		"capabilities": map[string]any{
			"positionEncoding": s.encoding,
			"textDocumentSync": map[string]any{"openClose": true, "change": 2, "save": true}, "hoverProvider": true,
			"definitionProvider": true, "referencesProvider": true, "documentHighlightProvider": true,
			"renameProvider":         map[string]any{"prepareProvider": true},
			"completionProvider":     map[string]any{"triggerCharacters": []string{".", ":", "[", "<"}},
			"codeActionProvider":     map[string]any{"codeActionKinds": []string{"quickfix"}},
			"documentSymbolProvider": true, "documentFormattingProvider": true,
		},
	}, nil
}

// initialized asks to hear of files that change on disk, where the client tells.
func (s *Server) initialized(struct{}) (any, *failure) {
	if s.mayAsk {
		s.world.isWatched = true
		watchers := []map[string]any{{"globPattern": "**/*.{mrt,topology}"}, {"globPattern": "**/schema.lock"}}
		s.send(call{Version: "2.0", ID: "watch", Method: "client/registerCapability", Params: map[string]any{
			"registrations": []map[string]any{{
				"id": "watch", "method": "workspace/didChangeWatchedFiles", "registerOptions": map[string]any{"watchers": watchers},
			}},
		}})
	}
	return nil, nil
}

// answer answers a request.
func (s *Server) answer(id json.RawMessage, result any, err *failure) {
	a := answer{Version: "2.0", ID: id, Error: err}
	if len(id) == 0 {
		a.ID = json.RawMessage("null")
	}
	if err == nil {
		a.Result, _ = json.Marshal(result)
	}
	s.send(a)
}

// notify tells the client something.
func (s *Server) notify(method string, params any) {
	s.send(call{Version: "2.0", Method: method, Params: params})
}

// say writes to the log of both sides.
func (s *Server) say(text string, args ...any) {
	text = fmt.Sprintf(text, args...)
	fmt.Fprintln(s.log, "martinelli lsp:", text)
	if s.state == serving {
		s.notify("window/logMessage", map[string]any{"type": 2, "message": text})
	}
}

func (s *Server) send(m any) {
	body, err := json.Marshal(m)
	if err == nil {
		err = writeFrame(s.out, body)
	}
	if err != nil && s.lost == nil {
		s.lost = err
		fmt.Fprintln(s.log, "martinelli lsp: the client is gone:", err)
	}
}
