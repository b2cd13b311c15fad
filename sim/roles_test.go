package sim

import (
	"fmt"
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/node"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/sim/fault"
)

// A shop with an archive and kiosks: the books are of its servers and the
// archive alone, the chat of servers and phones, and everybody has the news.
const rolesProgram = `
at :server, :archive do
  database :books, gset<int>, :replicated => true
  database :folders, set<int>, :by => :shelf, :replicated => true
end
at :server, :phone do
  database :chat, gset<int>, :by => :room, :replicated => true
end
database :news, set<int>, :replicated => true
database :mine, gset<int>, :replicated => :user_id
on_book do |n: int| books.add(n) end
on_file do |n: int|
  books.add(n)
  folders[n % 3].add(n)
  news.add(n)
end
on_unfile do |n: int| folders[n % 3].remove(n) end
on_say do |n: int|
  chat[n % 4].add(n)
  news.add(n)
end
on_note do |n: int|
  mine[:user_id].add(n)
  news.add(n)
end
on_tell do |n: int| news.remove(n) end
view :said do chat.count end
allow :write, chat do |me| true end
allow :write, news do |me| true end
`

const rolesTopology = `
role :server,  :nodes => 2
role :archive, :nodes => 2
role :phone, :nodes => 2, :ambient => :user_id
role :kiosk, :nodes => 2, :ambient => :user_id
link :phone, :server, :every => "1s"
link :kiosk, :server
link :archive, :server
`

func compileRoles(t testing.TB) *plan.Program {
	t.Helper()
	p, letters := lang.Compile([]lang.Source{{Name: "roles.mrt", Text: rolesProgram}}, &lang.Source{Name: "roles.topology", Text: rolesTopology})
	if p == nil {
		t.Fatalf("it does not compile: %v", letters)
	}
	return p
}

// keepers are which roles keep what some roles alone share.
var keepers = map[string][]string{"books": {"server", "archive"}, "folders": {"server", "archive"}, "chat": {"server", "phone"}}

// listener is a node whose messages are looked at: no part of a space may leave
// for a node of a role that does not share it.
type listener struct {
	participant
	m      *Machine
	spaces map[causal.SpaceID][]string // of some roles
	told   *int                        // parcels of such spaces that went to who may have them
	wrong  *string
}

func (l *listener) Drain(now causal.Instant) node.Output {
	out := l.participant.Drain(now)
	for _, msg := range out.Messages {
		for _, to := range l.m.world.machines {
			if to.id != msg.To {
				continue
			}
			for _, p := range partsOf(msg) {
				switch roles := l.spaces[p.Chain().Space]; {
				case roles == nil:
				case slices.Contains(roles, to.role.Name):
					*l.told++
				default:
					*l.wrong = fmt.Sprintf("%s gives %s a part of what the roles %v share", l.m.name, to.name, roles)
				}
			}
		}
	}
	return out
}

// rolesConverge tells what is broken at rest: those who share a space hold the
// same, and the others nothing.
func rolesConverge(w *World) (wrong []string) {
	for _, m := range w.machines {
		for name, roles := range keepers {
			got, want := m.content(name), w.machines[0].content(name)
			if !slices.Contains(roles, m.role.Name) {
				want = m.content("nothing")
			}
			if got != want {
				wrong = append(wrong, fmt.Sprintf("%s has %s = %s, not %s", m.name, name, got, want))
			}
		}
		if got, want := m.content("news"), w.machines[0].content("news"); got != want {
			wrong = append(wrong, fmt.Sprintf("%s has news = %s, not %s", m.name, got, want))
		}
		if s := m.node.Status(); s.Counts.Foreign > 0 {
			wrong = append(wrong, fmt.Sprintf("%s was sent %d parts that it should not have", m.name, s.Counts.Foreign))
		}
	}
	return wrong
}

// content is what a machine holds of a database, whatever its keys.
func (m *Machine) content(name string) string {
	r, _ := m.Read(name)
	list := []string{}
	for _, p := range r.Pairs {
		list = append(list, fmt.Sprint(p.Key, p.Value))
	}
	if !r.Keyed {
		for _, v := range r.Value.Elems() {
			list = append(list, fmt.Sprint(v))
		}
	}
	return fmt.Sprint(list)
}

// TestSomeRolesShareASpace: whatever is cut and killed, no part of it leaves for
// a node of another role, and those that share it converge, with commits that
// reach into the space of all.
func TestSomeRolesShareASpace(t *testing.T) {
	p := compileRoles(t)
	told := 0
	for seed := range seeds(15) {
		w, err := NewWorld(Config{
			Name: "roles", Program: p, Seed: seed, Faults: fault.All, Events: 25,
			Roles: []Role{{"server", 2}, {"archive", 2}, {"phone", 2}, {"kiosk", 2}},
		})
		if err != nil {
			t.Fatal(err)
		}
		of, wrong := node.Roles(cluster, p), ""
		spaces := map[causal.SpaceID][]string{}
		for name := range p.SpacesOfRoles() {
			id := causal.SpaceOf(cluster, name)
			spaces[id] = of(id)
		}
		for _, m := range w.machines {
			open := m.open
			m.open = func(now causal.Instant, cfg node.Config) (participant, error) {
				n, err := open(now, cfg)
				return &listener{n, m, spaces, &told, &wrong}, err
			}
		}
		if err := w.run(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if all := rolesConverge(w); wrong != "" || len(all) > 0 {
			t.Fatalf("seed %d: %s %v", seed, wrong, all)
		}
	}
	if told == 0 {
		t.Error("nobody was given anything of a space that some roles share")
	}
}
