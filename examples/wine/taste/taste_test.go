package taste

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/martinelli-lang/martinelli/examples/wine/catalogue"
)

func winesOf(scores []Score) (ids []string) {
	for _, s := range scores {
		ids = append(ids, s.Wine)
	}
	return ids
}

// TestFriendsAreHeard: ann and ben both like w001, ben likes w100 as well, zoe
// has nothing in common with them.
func TestFriendsAreHeard(t *testing.T) {
	likes := []Like{{"ann", "w001"}, {"ben", "w001"}, {"ben", "w100"}, {"zoe", "w150"}}
	got := Recommend("ann", likes)
	if got[0].Wine != "w100" || got[0].Score != 1 {
		t.Fatalf("the wine of a friend of the same taste comes first: %v", got)
	}
	if slices.Contains(winesOf(got), "w001") {
		t.Error("what a user has is not recommended to him")
	}
}

// TestAloneOneIsLedByMeasurement: with one wine and no friend, the wines next
// to it come first, those that are also next to each other before others.
func TestAloneOneIsLedByMeasurement(t *testing.T) {
	got := winesOf(Recommend("ann", []Like{{"ann", "w010"}}))
	next := nearest(catalogue.All())
	for _, n := range next[9] {
		if !slices.Contains(got, catalogue.All()[n].ID) {
			t.Errorf("%s is next to w010, and not among %v", catalogue.All()[n].ID, got)
		}
	}
	if w := catalogue.All()[next[9][0]]; w.Cultivar != 0 {
		t.Errorf("the wine next to a Nebbiolo is a %s", w.Grape)
	}
}

// TestKnownAnswer pins the numbers: they are the same on every machine.
func TestKnownAnswer(t *testing.T) {
	got := Recommend("ann", []Like{{"ann", "w001"}, {"ann", "w060"}, {"ben", "w060"}, {"ben", "w131"}})[:3]
	want := []Score{{"w131", 1}, {"w102", 0.913}, {"w057", 0.789}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

// TestNothingComesOfNothing: neither without a wine, nor of what is no wine.
func TestNothingComesOfNothing(t *testing.T) {
	for _, likes := range [][]Like{nil, {{"ben", "w001"}}, {{"ann", "w999"}}, {{"ann", "w000"}}, {{"ann", "wine"}}, {{"ann", ""}}} {
		if got := Recommend("ann", likes); got != nil {
			t.Errorf("%v gives %v", likes, got)
		}
	}
}

// TestOrderDoesNotMatter: likes in any order, some of them twice, give the
// same to the last digit.
func TestOrderDoesNotMatter(t *testing.T) {
	die := rand.New(rand.NewPCG(1, 1))
	ids := catalogue.All()
	for range 20 {
		var likes []Like
		for range 60 {
			likes = append(likes, Like{string(rune('a' + die.IntN(6))), ids[die.IntN(len(ids))].ID})
		}
		want := Recommend("a", likes)
		again := append(slices.Clone(likes), likes[:10]...)
		die.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		if got := Recommend("a", again); !reflect.DeepEqual(got, want) {
			t.Fatalf("%v, and in another order %v", want, got)
		}
	}
}

// TestItComesToRest: after the last round another one moves nothing to speak
// of, and the mass is still one whole, but for rounding.
func TestItComesToRest(t *testing.T) {
	g := graphOf("ann", []Like{{"ann", "w001"}, {"ben", "w001"}, {"ben", "w100"}, {"ann", "w170"}})
	g.next = nearest(catalogue.All())
	mass := g.start()
	for range roundsMax {
		mass = g.step(mass)
	}
	sum, moved := int64(0), int64(0)
	next := g.step(mass)
	for i, m := range mass {
		sum, moved = sum+m, moved+max(next[i]-m, m-next[i])
	}
	if moved > still || max(sum-whole, whole-sum) > whole/1000 {
		t.Errorf("%d moves, of %d in all and %d at first", moved, sum, whole)
	}
}
