package flow

import (
	"math"
	"math/bits"
)

// exact is a sum of numbers without any rounding, so that it does not depend
// on their order and what was added can be taken away again. It is rounded
// once, when it is asked for (U. Kulisch and W. Miranker, "The Arithmetic of
// the Digital Computer: A New Approach", SIAM Review 1986).
//
// It is a fixed-point number that has a place for every bit a float may have:
// the sum over i of digits[i] times 2^(32i - 1074). Digits may grow beyond 32
// bits, and may be negative, until they are carried.
type exact struct {
	digits     [exactDigits]int64
	weight     int64  // how much has been added since the digits were carried
	infinities [2]int // how many positive and negative ones it has
}

const (
	exactDigits = 70      // 2^1024 times 2^63 elements, and a digit for the sign
	exactLowest = 1074    // the lowest bit of a float stands for 2^-1074
	weightMax   = 1 << 30 // no digit leaves 63 bits with that much added to it
)

// addFloat adds x, weight times.
func (a *exact) addFloat(x float64, weight int64) {
	if math.IsInf(x, 0) {
		sign := 0
		if x < 0 {
			sign = 1
		}
		a.infinities[sign] += int(weight)
		return
	}
	b := math.Float64bits(x)
	if int64(b) < 0 {
		weight = -weight
	}
	mantissa, place := b&(1<<52-1), int(b>>52&0x7ff)
	if place > 0 { // a normal number has a bit that is not written
		mantissa, place = mantissa|1<<52, place-1
	}
	a.add(mantissa, place, weight)
}

// addInt adds n, weight times.
func (a *exact) addInt(n int64, weight int64) {
	if n < 0 {
		a.add(-uint64(n), exactLowest, -weight)
		return
	}
	a.add(uint64(n), exactLowest, weight)
}

// add adds n times 2^(place-1074), weight times.
func (a *exact) add(n uint64, place int, weight int64) {
	for weight > weightMax || weight < -weightMax {
		half := weight / 2
		a.add(n, place, half)
		weight -= half
	}
	if a.weight += max(weight, -weight); a.weight > weightMax {
		a.carry()
		a.weight = max(weight, -weight)
	}
	i, shift := place/32, uint(place%32)
	low, high := n<<shift, n>>(64-shift)
	a.digits[i] += int64(low&math.MaxUint32) * weight
	a.digits[i+1] += int64(low>>32) * weight
	a.digits[i+2] += int64(high) * weight
}

// carry brings all digits but the highest into 0 to 2^32-1. The highest has the sign.
func (a *exact) carry() {
	for i := range exactDigits - 1 {
		a.digits[i+1] += a.digits[i] >> 32
		a.digits[i] &= math.MaxUint32
	}
	a.weight = 0
}

// sum returns the sum, rounded once to the nearest float, ties to even. Where
// both infinities are in it, it is 0.0, as NaN is everywhere.
func (a *exact) sum() float64 { return a.quotient(1) }

// quotient returns the sum divided by n > 0, rounded once.
func (a *exact) quotient(n int64) float64 {
	switch {
	case a.infinities[0] > 0 && a.infinities[1] > 0:
		return 0
	case a.infinities[0] > 0:
		return math.Inf(1)
	case a.infinities[1] > 0:
		return math.Inf(-1)
	}
	a.carry()
	b, sign := *a, 1.0
	if b.digits[exactDigits-1] < 0 {
		for i := range b.digits {
			b.digits[i] = -b.digits[i]
		}
		b.carry()
		sign = -1
	}
	// Two digits more, below the others, say how the quotient is rounded.
	var q [exactDigits + 2]uint32
	rest := uint64(0)
	for i := len(q) - 1; i >= 0; i-- {
		digit := uint64(0)
		if i >= 2 {
			digit = uint64(b.digits[i-2])
		}
		d, r := bits.Div64(rest>>32, rest<<32|digit, uint64(n))
		q[i], rest = uint32(d), r
	}
	return sign * rounded(q[:], rest != 0)
}

// rounded returns the float nearest to the sum of digits[i] times
// 2^(32i - 1074 - 64), and a little more where there is a rest.
func rounded(digits []uint32, hasRest bool) float64 {
	top := len(digits) - 1
	for top > 0 && digits[top] == 0 {
		top--
	}
	last := max(32*top+bits.Len32(digits[top])-53, 64) // the place of the last bit of the float
	n := window(digits, last)
	half := window(digits, last-1)&1 == 1
	for i := 0; i < (last-1)/32 && !hasRest; i++ {
		hasRest = digits[i] != 0
	}
	hasRest = hasRest || digits[(last-1)/32]&(1<<uint((last-1)%32)-1) != 0
	if half && (hasRest || n&1 == 1) {
		n++
	}
	return math.Ldexp(float64(n), last-exactLowest-64)
}

// window returns the 64 bits from a place on.
func window(digits []uint32, place int) uint64 {
	i, shift := place/32, uint(place%32)
	at := func(i int) uint64 {
		if i < len(digits) {
			return uint64(digits[i])
		}
		return 0
	}
	return at(i)>>shift | at(i+1)<<(32-shift) | at(i+2)<<(64-shift)
}
