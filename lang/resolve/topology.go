package resolve

import (
	"slices"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/syntax"
)

// HomeRole is where data without :replicated and without "at" has its home, in
// a topology that has this role.
const HomeRole = "server"

// syncEveryDefault is the sync period of a link that names none, in milliseconds.
const syncEveryDefault = 1000

// Topology says which roles exist and who speaks with whom.
type Topology struct {
	Roles []Role
	Links []Link
}

// Role is a role of the topology.
type Role struct {
	Name       string
	Nodes      int
	Quorum     bool
	OfflineMax int64  // milliseconds; 0: never offline
	Ambient    string // the dimension it binds; "": it is trusted
}

// Link connects nodes of two roles.
type Link struct {
	From, To  string
	Every     int64 // milliseconds
	LateAfter int64 // milliseconds; 0: twice the period of repair
}

// UsualTopology is the topology of a program without a topology file: a
// server, and clients that are their users.
func UsualTopology() *Topology {
	return &Topology{
		Roles: []Role{{Name: HomeRole, Nodes: 1}, {Name: "client", Ambient: "user_id"}},
		Links: []Link{
			{From: HomeRole, To: HomeRole, Every: syncEveryDefault},
			{From: "client", To: HomeRole, Every: syncEveryDefault},
			{From: "client", To: "client", Every: syncEveryDefault},
		},
	}
}

// Role returns the role of that name.
func (t *Topology) Role(name string) (Role, bool) {
	i := slices.IndexFunc(t.Roles, func(r Role) bool { return r.Name == name })
	if i < 0 {
		return Role{}, false
	}
	return t.Roles[i], true
}

// Home returns the role at which data has its home unless the program names
// another: the server, or else the first role whose nodes decide by quorum.
// Peers without a quorum have none, and "" is returned.
func (t *Topology) Home() string {
	if _, ok := t.Role(HomeRole); ok {
		return HomeRole
	}
	for _, r := range t.Roles {
		if r.Quorum && r.Ambient == "" {
			return r.Name
		}
	}
	return ""
}

// Binds reports whether one of the roles (all roles where none is named) gives
// the dimension a value.
func (t *Topology) Binds(at []string, dim string) bool {
	return slices.ContainsFunc(t.Roles, func(r Role) bool {
		return r.Ambient == dim && (len(at) == 0 || slices.Contains(at, r.Name))
	})
}

func (t *Topology) roleNames() []string {
	names := make([]string, len(t.Roles))
	for i, r := range t.Roles {
		names[i] = r.Name
	}
	return names
}

// ResolveTopology reads the lines of a topology file.
func ResolveTopology(tree *syntax.Topology) (*Topology, []diag.Diagnostic) {
	r := topologyReader{t: &Topology{}}
	for i := range tree.Roles {
		r.role(&tree.Roles[i])
	}
	for i := range tree.Links {
		r.link(&tree.Links[i])
	}
	return r.t, r.letters
}

type topologyReader struct {
	t       *Topology
	letters []diag.Diagnostic
}

func (r *topologyReader) write(d diag.Diagnostic) { r.letters = append(r.letters, d) }

func (r *topologyReader) role(line *syntax.Role) {
	role := Role{Name: line.Name.Text}
	if _, twice := r.t.Role(role.Name); twice {
		r.write(diag.Errorf("E102", line.Name.Span, "the role `%s` is declared twice", role.Name))
		return
	}
	for _, o := range line.Options {
		r.roleOption(&role, o)
	}
	r.t.Roles = append(r.t.Roles, role)
}

func (r *topologyReader) roleOption(role *Role, o syntax.Option) {
	ok := false
	switch v := o.Value.(type) {
	case *syntax.Int:
		ok = o.Name.Text == "nodes" && v.Value > 0 && v.Value <= 1_000_000
		role.Nodes = int(v.Value)
	case *syntax.Bool:
		ok = o.Name.Text == "quorum"
		role.Quorum = v.Value
	case *syntax.String:
		role.OfflineMax, ok = Duration(v.Value)
		ok = ok && o.Name.Text == "offline"
	case *syntax.Symbol:
		ok = o.Name.Text == "ambient"
		role.Ambient = v.Name
	}
	if !ok {
		r.badOption(o)
	}
}

func (r *topologyReader) link(line *syntax.Link) {
	link := Link{From: line.From.Text, To: line.To.Text, Every: syncEveryDefault}
	for _, end := range []syntax.Name{line.From, line.To} {
		if _, known := r.t.Role(end.Text); !known {
			r.write(UnknownRole(end, r.t))
		}
	}
	for _, o := range line.Options {
		if !link.option(o) {
			r.badOption(o)
		}
	}
	r.t.Links = append(r.t.Links, link)
}

// option takes an option of a link, or says that it can't have this value.
func (l *Link) option(o syntax.Option) bool {
	v, isString := o.Value.(*syntax.String)
	if !isString {
		return false
	}
	span, ok := Duration(v.Value)
	switch {
	case !ok || span == 0:
		return false
	case o.Name.Text == "every":
		l.Every = span
	case o.Name.Text == "late_after":
		l.LateAfter = span
	}
	return true
}

func (r *topologyReader) badOption(o syntax.Option) {
	wants := map[string]string{
		"nodes": "a number of nodes, as 3", "quorum": "true or false",
		"offline": "a span of time, as \"7d\"", "every": "a span of time, as \"1s\"", "late_after": "a span of time, as \"5s\"", "ambient": "a dimension, as :user_id",
	}[o.Name.Text]
	if wants != "" {
		wants = ":" + o.Name.Text + " takes " + wants
	}
	r.write(diag.Errorf("E105", o.Span, "`:%s` cannot have this value", o.Name.Text).Hinting("%s", wants))
}

// UnknownRole is the letter about a role that the topology does not have.
func UnknownRole(n syntax.Name, t *Topology) diag.Diagnostic {
	d := diag.Errorf("E106", n.Span, "there is no role `%s`", n.Text)
	if Nearest(n.Text, t.roleNames()) != "" {
		return Meant(d, n.Span, n.Text, t.roleNames())
	}
	return d.Hinting("the topology has %s", Quoted(t.roleNames()))
}

var units = []struct {
	suffix string
	millis int64
}{{"ms", 1}, {"s", 1000}, {"m", 60_000}, {"h", 3_600_000}, {"d", 86_400_000}}

// Duration reads "500ms", "1s", "2m", "3h" or "7d" into milliseconds.
func Duration(text string) (int64, bool) {
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		if n, err := strconv.ParseInt(digits, 10, 32); err == nil && n >= 0 {
			return n * u.millis, true
		}
	}
	return 0, false
}
