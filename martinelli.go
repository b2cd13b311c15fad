package martinelli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/host/native"
	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/value"
)

// Option says how a replica is embedded.
type Option func(*native.Config)

// Dir keeps the replica's data in a directory. Without it they are in memory.
func Dir(path string) Option { return func(c *native.Config) { c.Dir = path } }

// HTTP serves the JSON API and the console on HOST:PORT.
func HTTP(address string) Option { return func(c *native.Config) { c.HTTP = address } }

// Listen takes links of other nodes on HOST:PORT.
func Listen(address string) Option { return func(c *native.Config) { c.Listen = address } }

// Join joins the cluster of the node at HOST:PORT with a one-time token.
func Join(address, token string) Option {
	return func(c *native.Config) { c.Join, c.Token = address, token }
}

// Role runs the program as a role of its topology, and, where that role binds
// a user, as that user. Without it the role is "server".
func Role(role, user string) Option { return func(c *native.Config) { c.Role, c.User = role, user } }

// Func links the import that the program declares with :from => "go:name". f
// gets values of the declared types and returns one of the declared result;
// package value makes and opens them. An error aborts the run with "import".
func Func(name string, f flow.Func) Option {
	return func(c *native.Config) {
		if c.Funcs == nil {
			c.Funcs = map[string]flow.Func{}
		}
		c.Funcs[name] = f
	}
}

// NamedFunc is Func of a function that is told the ID of its call: the same
// whenever the same step of a saga, or serial block, calls it again, because a
// process was killed or an answer lost. What does something in the world is
// told so, and does it once:
//
//	martinelli.NamedFunc("pay.Charge", func(id string, args []value.Value) (value.Value, error) {
//		return value.Bool(true), bank.Charge(idempotencyKey(id), args[0].AsString(), args[1].AsInt())
//	})
//
// The ID is "" where nothing calls again: in handlers, views and processes.
func NamedFunc(name string, f flow.NamedFunc) Option {
	return func(c *native.Config) {
		if c.Named == nil {
			c.Named = map[string]flow.NamedFunc{}
		}
		c.Named[name] = f
	}
}

// Replica is an embedded node that runs one program. Its methods may be called
// from any goroutine.
type Replica struct{ host *native.Host }

// Open compiles the program at path (a .mrt file, or a folder) and runs it.
// A program that is wrong is a *SourceError; an import that the role calls and
// no Func links is an error too. Once ctx ends the replica stops.
func Open(ctx context.Context, path string, options ...Option) (*Replica, error) {
	program, err := Load(path)
	if err != nil {
		return nil, err
	}
	return program.Open(ctx, options...)
}

// Open runs the program. Errors are as for the function Open.
func (p *Program) Open(ctx context.Context, options ...Option) (*Replica, error) {
	cfg := native.Config{Program: p.Plan, Modules: p.Modules}
	for _, set := range options {
		set(&cfg)
	}
	host, err := native.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &Replica{host}, nil
}

// Host returns the node itself, for what these few methods do not cover.
func (r *Replica) Host() *native.Host { return r.host }

// Close stops the replica once all it has acknowledged is durable.
func (r *Replica) Close() error { return r.host.Close() }

// Aborted is why an event had no effect.
type Aborted struct {
	Why    string // a word of the program or of the node, such as "sold_out"
	Detail string // a sentence more; may be empty
}

func (a *Aborted) Error() string {
	if a.Detail == "" {
		return "aborted: " + a.Why
	}
	return "aborted: " + a.Why + ": " + a.Detail
}

// Raise raises an event, without "on_", with its arguments by name: anything
// that encoding/json turns into an object. It returns when the commit is
// durable. An event that aborted is an *Aborted. Where its handler ends with a
// saga it returns the saga's outcome or, when that takes over a second, nil.
func (r *Replica) Raise(ctx context.Context, event string, args any) error {
	params, ok := r.host.Params(event)
	if !ok {
		return &Aborted{Why: node.AbortNoEvent, Detail: "the program has no on_" + event + " at this role"}
	}
	body, err := json.Marshal(args)
	if err != nil {
		return err
	}
	values, err := jsonvalue.Args(params, body)
	if err != nil {
		return &Aborted{Why: flow.AbortArgument, Detail: err.Error()}
	}
	answer, err := r.host.Raise(ctx, node.RaiseRequest{Event: event, Args: values})
	return outcome(answer, err)
}

func outcome(a node.Answer, err error) error {
	if err == nil && a.Abort != "" {
		return &Aborted{Why: a.Abort, Detail: a.Detail}
	}
	return err
}

// Read reads a view, or a database, whole or at a key, into a Go value as
// encoding/json would from the JSON that "martinelli read" prints. A key that
// nobody wrote reads as the empty value of its type.
func (r *Replica) Read(ctx context.Context, name string, into any, key ...any) error {
	values, err := keyOf(r.host.Program(), name, key)
	if err != nil {
		return err
	}
	answer, err := r.host.Read(ctx, node.ReadRequest{Name: name, Key: values})
	if err := outcome(answer, err); err != nil {
		return err
	}
	return json.Unmarshal(jsonvalue.AppendReading(nil, *answer.Reading), into)
}

// keyOf gives the values of a key the types of the database's dimensions.
func keyOf(p *plan.Program, name string, key []any) ([]value.Value, error) {
	if len(key) == 0 {
		return nil, nil
	}
	dims, ok := p.Keys(name)
	if !ok || len(dims) != len(key) {
		return nil, fmt.Errorf("%s has no key of %d values", name, len(key))
	}
	values := make([]value.Value, len(key))
	for j, dim := range dims {
		raw, err := json.Marshal(key[j])
		if err == nil {
			values[j], err = jsonvalue.Decode(dim.Type, raw)
		}
		if err != nil {
			return nil, fmt.Errorf("key %s of %s: %w", dim.Name, name, err)
		}
	}
	return values, nil
}
