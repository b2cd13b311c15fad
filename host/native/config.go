package native

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/foreign"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
)

// Config says what a Host runs, and where it stands in the world.
type Config struct {
	Program *plan.Program
	Funcs   map[string]flow.Func      // what imports are linked to, by plan.Import.Link
	Named   map[string]flow.NamedFunc // those that are told the ID of their call

	Modules map[string]*foreign.Module // what imports from "wasm:path" come from, by that

	Dir  string // where everything is kept; "" keeps it in memory
	Name string // for people; "" takes the host's name
	Role string // of the program's topology; "" takes "server"
	User string // what an ambient role binds; "" for a trusted role

	Listen    string // HOST:PORT for links of peers; "" takes none
	Advertise string // HOST:PORT others dial; "" takes the address listened on
	HTTP      string // HOST:PORT of the JSON API and the console; "" serves none

	// Login says who a page is that asks POST /v1/admit for a pass, by whatever an
	// application sends there: a cookie, a token of its identity provider. It may read
	// the body, a JSON object. An empty role takes the program's only one that binds
	// a user; an error is a sentence for people. nil admits by token alone. See OpenLogin.
	Login   func(*http.Request) (user, role string, err error)
	PassTTL time.Duration // how long a pass is good for; 0 takes PassTTL

	Web     string   // a directory of files to serve at /; "" serves the console there
	Origins []string // under which this node is reached beside its address, as https://wine.example

	Join  string // HOST:PORT of the cluster's first node; "" starts a cluster, or goes on with Dir's
	Token string // the one-time token to join with; only needed the first time

	// NewReplica keeps Dir's data and goes on under a new replica id. It is for
	// a store whose log is shorter than its head mark, or that was restored
	// from a copy: under the old id it would use the name of a part twice.
	NewReplica bool

	// FinalAfter is how old parts are at least when the cluster's first node
	// makes them final and sums them up in a checkpoint; at twice that age they
	// are, unless it was down. 0 takes a minute; less than 0 never does it, and
	// then no log is ever truncated. Only the first node's counts.
	FinalAfter time.Duration

	renews bool // a node whose replica id is at its end stops with errRenewed, and has another one then

	// Render takes what processes render, in order. It must return at once.
	Render func(node.Shown)

	Log *slog.Logger // what an operator should know; nil discards it

	// Clock tells the time; nil takes the wall clock at start and a monotonic
	// clock from there on. A test sets it a hundred years ahead.
	Clock func() causal.Instant

	// FS is the file system that Dir is on; nil takes the real one. A
	// test fills it up or cuts its power.
	FS vfs.FS
}
