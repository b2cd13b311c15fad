package flow

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactly is the sum and the mean of xs by arbitrary precision.
func exactly(xs []float64, n int64) (sum, mean float64) {
	total := new(big.Rat)
	for _, x := range xs {
		total.Add(total, new(big.Rat).SetFloat64(x))
	}
	sum, _ = total.Float64()
	mean, _ = total.Quo(total, new(big.Rat).SetInt64(n)).Float64()
	return sum, mean
}

func randomFloat(r *rand.Rand) float64 {
	for {
		x := math.Float64frombits(r.Uint64())
		switch r.IntN(4) {
		case 0:
			x = float64(r.IntN(100)-50) / 8
		case 1: // near the smallest
			x = math.Float64frombits(r.Uint64() & (1<<55 - 1))
		case 2: // close together, so that ties come
			x = math.Ldexp(float64(r.IntN(64)-32), r.IntN(60))
		}
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			return x
		}
	}
}

// TestExactIsRoundedOnce compares sums and means with those of math/big, in any order,
// and after what was added has been taken away again.
func TestExactIsRoundedOnce(t *testing.T) {
	for seed := range uint64(3_000) {
		r := rand.New(rand.NewPCG(seed, 21))
		var a exact
		var xs []float64
		for range r.IntN(12) {
			x := randomFloat(r)
			a.addFloat(x, 1)
			if r.IntN(3) == 0 {
				a.addFloat(x, -1)
				continue
			}
			xs = append(xs, x)
			if r.IntN(5) == 0 {
				a.addFloat(x, 2)
				xs = append(xs, x, x)
			}
		}
		n := 1 + r.Int64N(1<<uint(1+r.IntN(62)))
		sum, mean := exactly(xs, n)
		if got := a.sum(); got != sum {
			t.Fatalf("seed %d: the sum of %v is %v, not %v", seed, xs, got, sum)
		}
		if got := a.quotient(n); got != mean {
			t.Fatalf("seed %d: the sum of %v by %d is %v, not %v", seed, xs, n, got, mean)
		}
	}
}

func TestExactHoldsWhatOverflows(t *testing.T) {
	var a exact
	const n = math.MaxFloat64
	for range 5 {
		a.addFloat(n, weightMax)
	}
	a.addFloat(n, -5*weightMax+1)
	if a.sum() != n {
		t.Errorf("%v is left of the largest", a.sum())
	}
	a.addFloat(n, 1)
	if !math.IsInf(a.sum(), 1) || a.quotient(2) != n {
		t.Errorf("twice the largest is %v, its half %v", a.sum(), a.quotient(2))
	}
}

func TestExactOfIntsDoesNotWrap(t *testing.T) {
	var a exact
	for _, n := range []int64{math.MaxInt64, math.MaxInt64, math.MinInt64, 1} {
		a.addInt(n, 1)
	}
	if got := a.quotient(1); got != math.MaxInt64 {
		t.Error(got)
	}
	a.addInt(math.MinInt64, 1)
	if got := a.quotient(5); got != -0.2 {
		t.Error(got)
	}
}

func TestInfinitiesComeAndGo(t *testing.T) {
	var a exact
	a.addFloat(1.5, 1)
	a.addFloat(math.Inf(1), 1)
	if !math.IsInf(a.sum(), 1) {
		t.Error(a.sum())
	}
	a.addFloat(math.Inf(-1), 1)
	if a.sum() != 0 {
		t.Error(a.sum())
	}
	a.addFloat(math.Inf(1), -1)
	a.addFloat(math.Inf(-1), -1)
	if a.sum() != 1.5 {
		t.Error(a.sum())
	}
}
