// Package taste recommends wines by what a user and his friends like, and by
// what was measured of the wines.
//
// A walker starts at a wine that the user likes and goes, each time by the
// toss of a die, either to somebody who likes the wine he is at and on to
// another one that that person likes, or to one of the nearest wines by
// measurement; and from time to time he starts again. How often he is at each
// wine, in the long run, is its score: personalised PageRank (Page, Brin,
// Motwani, Winograd, 1999; Haveliwala, 2002) on users, wines and neighbours.
// It is computed by going on until nothing moves, in integers, so that every
// machine comes to the same numbers.
package taste

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/martinelli-lang/martinelli/examples/wine/catalogue"
)

// Like says that a user has a wine in his cellar.
type Like struct{ User, Wine string }

// Score is how well a wine fits, 0 to 1; the best has 1.
type Score struct {
	Wine  string
	Score float64
}

// Numbers of the walk. Shares are of mass, of which there is one whole.
const (
	whole     = int64(1) << 40
	restart   = 20 // percent of the steps start again
	people    = 60 // percent of the others go by people, where somebody likes the wine; the rest by measurement
	near      = 6  // wines that are next to one
	roundsMax = 60
	still     = whole >> 24 // what moves less than this, in all, does not move
	count     = 12          // wines that are recommended
	likesMax  = 20_000
)

// nearest finds the wines next to each wine, nearest first, by the distance of
// their standardised measurements; of two at one distance the earlier one is
// nearer. It costs the square of the wines.
func nearest(wines []catalogue.Wine) [][near]int {
	next := make([][near]int, len(wines))
	for i := range wines {
		var best [near]float64
		n := 0
		for j := range wines {
			if i == j {
				continue
			}
			d := far(&wines[i], &wines[j])
			at := n
			for at > 0 && d < best[at-1] {
				at--
			}
			if at == near {
				continue
			}
			n = min(n+1, near)
			copy(best[at+1:], best[at:])
			copy(next[i][at+1:], next[i][at:])
			best[at], next[i][at] = d, j
		}
	}
	return next
}

// far is the square of the distance of two wines.
func far(a, b *catalogue.Wine) float64 {
	sum := 0.0
	for j := range catalogue.Attributes {
		d := a.Standard[j] - b.Standard[j]
		sum += float64(d * d)
	}
	return sum
}

// Recommend returns the wines that fit a user best and that he has not, best
// first; of two that fit alike the earlier one. Likes in any order, and twice,
// say the same. Who likes nothing is recommended nothing. It costs the square
// of the wines, and some thousand steps a round.
func Recommend(user string, likes []Like) []Score {
	g := graphOf(user, likes)
	if len(g.own) == 0 {
		return nil
	}
	g.next = nearest(catalogue.All())
	mass := g.start()
	for range roundsMax {
		next := g.step(mass)
		moved := int64(0)
		for i := range next {
			moved += max(next[i]-mass[i], mass[i]-next[i])
		}
		mass = next
		if moved <= still {
			break
		}
	}
	return g.best(mass)
}

// graph is who likes what, by number.
type graph struct {
	own   []int   // the user's wines
	users [][]int // of each user his wines
	fans  [][]int // of each wine its users
	next  [][near]int
}

func graphOf(user string, likes []Like) *graph {
	likes = slices.Clone(likes)
	slices.SortFunc(likes, func(a, b Like) int { return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Wine, b.Wine)) })
	likes = slices.Compact(likes)
	g := &graph{fans: make([][]int, catalogue.Size)}
	last := ""
	for _, l := range likes[:min(len(likes), likesMax)] {
		w, ok := numberOf(l.Wine)
		if !ok {
			continue
		}
		if len(g.users) == 0 || l.User != last {
			g.users, last = append(g.users, nil), l.User
		}
		u := len(g.users) - 1
		g.users[u] = append(g.users[u], w)
		g.fans[w] = append(g.fans[w], u)
		if l.User == user {
			g.own = append(g.own, w)
		}
	}
	return g
}

// numberOf is a wine's place in the catalogue.
func numberOf(id string) (int, bool) {
	if len(id) != 4 || id[0] != 'w' {
		return 0, false
	}
	n, err := strconv.Atoi(id[1:])
	return n - 1, err == nil && 1 <= n && n <= catalogue.Size
}

// start is the walker at the user's wines.
func (g *graph) start() []int64 {
	mass := make([]int64, catalogue.Size)
	for _, w := range g.own {
		mass[w] += whole / int64(len(g.own))
	}
	return mass
}

// step lets all mass go one step.
func (g *graph) step(mass []int64) []int64 {
	next := make([]int64, len(mass))
	with := make([]int64, len(g.users))
	for w, m := range mass {
		m -= m / 100 * restart
		byPeople := int64(0)
		if n := int64(len(g.fans[w])); n > 0 {
			byPeople = m / 100 * people
			for _, u := range g.fans[w] {
				with[u] += byPeople / n
			}
		}
		for _, v := range g.next[w] {
			next[v] += (m - byPeople) / near
		}
	}
	for u, m := range with {
		for _, w := range g.users[u] {
			next[w] += m / int64(len(g.users[u]))
		}
	}
	for _, w := range g.own {
		next[w] += whole / 100 * restart / int64(len(g.own))
	}
	return next
}

// best lists the wines with the most mass that the user has not.
func (g *graph) best(mass []int64) []Score {
	var order []int
	for w, m := range mass {
		if m > 0 && !slices.Contains(g.own, w) {
			order = append(order, w)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(mass[b], mass[a]), cmp.Compare(a, b)) })
	var list []Score
	for _, w := range order[:min(count, len(order))] {
		share := mass[w] * 1000 / mass[order[0]]
		list = append(list, Score{"w" + strconv.Itoa(1001 + w)[1:], float64(share) / 1000})
	}
	return list
}
