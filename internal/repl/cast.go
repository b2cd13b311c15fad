package repl

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim"
)

// replicasMax bounds the replicas of a session: what each shows is a line.
const replicasMax = 32

// userNames are who uses the nodes of a role of users, in turn; further ones
// are named by role and number.
var userNames = []string{"ann", "ben", "cleo", "dan", "eva", "finn", "gil", "hana"}

// cast says how many replicas each role has, that of the home first, as in a test.
func (s *Session) cast() ([]sim.Role, error) {
	counts, err := replicas(s.program.Plan, s.cfg.Replicas)
	if err != nil {
		return nil, err
	}
	text := "test \"" + unsaid + "\" do\n  given do\n"
	for _, r := range counts {
		text += fmt.Sprintf("    nodes(:%s, %d)\n", r.Name, r.Nodes)
	}
	program, err := s.program.With(unsaid, text+"  end\nend\n")
	if err != nil {
		return nil, err
	}
	var roles []sim.Role
	for _, r := range program.Tests[len(program.Tests)-1].Nodes {
		roles = append(roles, sim.Role{Name: r.Name, Nodes: r.Nodes})
	}
	return roles, nil
}

// replicas reads ROLE=N,ROLE=N.
func replicas(p *plan.Program, text string) (list []sim.Role, err error) {
	if text == "" {
		for _, r := range p.Roles {
			n := 1
			if !r.Trusted() {
				n = 2
			}
			list = append(list, sim.Role{Name: r.Name, Nodes: n})
		}
		return list, nil
	}
	total := 0
	for word := range strings.SplitSeq(text, ",") {
		name, count, _ := strings.Cut(strings.TrimSpace(word), "=")
		if _, ok := p.Role(name); !ok {
			return nil, fmt.Errorf("--replicas: the program's topology has no role %q; it has %s", name, roleNames(p))
		}
		n, err := strconv.ParseUint(count, 10, 8)
		if total += int(n); err != nil || n == 0 || total > replicasMax {
			return nil, fmt.Errorf("--replicas: %q: say how many of each role, as server=1,client=2; at most %d in all", word, replicasMax)
		}
		list = append(list, sim.Role{Name: name, Nodes: int(n)})
	}
	return list, nil
}

func roleNames(p *plan.Program) string {
	var list []string
	for _, r := range p.Roles {
		list = append(list, r.Name)
	}
	return strings.Join(list, ", ")
}

// users gives the nodes of roles of users names of people.
func users(p *plan.Program, roles []sim.Role) map[string][]string {
	rest := userNames
	out := map[string][]string{}
	for _, r := range roles {
		if role, _ := p.Role(r.Name); role.Trusted() {
			continue
		}
		n := min(r.Nodes, len(rest))
		out[r.Name], rest = rest[:n], rest[n:]
	}
	return out
}
