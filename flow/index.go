package flow

import "github.com/martinelli-lang/martinelli/value"

// index keeps values in an order, each with a weight: how many times it is
// there. It is a weight-balanced tree (Y. Hirai and K. Yamamoto, "Balancing
// Weight-Balanced Trees", JFP 2011), so a change, a rank and a step of a walk
// cost the logarithm of its size, whatever its history.
type index struct {
	compare func(a, b value.Value) int // nil: as values are ordered
	root    *branch
}

// branch is a subtree. Its size is how many branches it has, and total how
// many values, each as often as its weight says.
type branch struct {
	value       value.Value
	weight      int
	size, total int
	left, right *branch
}

func (x *index) order(a, b value.Value) int {
	if x.compare == nil {
		return value.Compare(a, b)
	}
	return x.compare(a, b)
}

// add changes the weight of v. A value without weight is gone.
func (x *index) add(v value.Value, weight int) {
	if weight != 0 {
		x.root = x.added(x.root, v, weight)
	}
}

func (x *index) added(b *branch, v value.Value, weight int) *branch {
	if b == nil {
		return &branch{value: v, weight: weight, size: 1, total: weight}
	}
	switch c := x.order(v, b.value); {
	case c < 0:
		b.left = x.added(b.left, v, weight)
	case c > 0:
		b.right = x.added(b.right, v, weight)
	default:
		if b.weight += weight; b.weight == 0 {
			return glued(b.left, b.right)
		}
	}
	return balanced(b)
}

// len is how many values there are.
func (x *index) len() int { return x.root.count() }

// rank is how many values stand before v.
func (x *index) rank(v value.Value) int {
	n := 0
	for b := x.root; b != nil; {
		c := x.order(v, b.value)
		if c <= 0 {
			b = b.left
			continue
		}
		n += b.left.count() + b.weight
		b = b.right
	}
	return n
}

// first is the smallest value, nil where there is none.
func (x *index) first() value.Value {
	b := x.root
	if b == nil {
		return value.Nil
	}
	for b.left != nil {
		b = b.left
	}
	return b.value
}

// last is the largest value, nil where there is none.
func (x *index) last() value.Value {
	b := x.root
	if b == nil {
		return value.Nil
	}
	for b.right != nil {
		b = b.right
	}
	return b.value
}

// each yields the values in order, each as often as it is there, until yield says false.
func (x *index) each(yield func(value.Value) bool) { x.root.each(yield) }

func (b *branch) each(yield func(value.Value) bool) bool {
	if b == nil {
		return true
	}
	if !b.left.each(yield) {
		return false
	}
	for range b.weight {
		if !yield(b.value) {
			return false
		}
	}
	return b.right.each(yield)
}

func (b *branch) count() int {
	if b == nil {
		return 0
	}
	return b.total
}

func (b *branch) branches() int {
	if b == nil {
		return 0
	}
	return b.size
}

func (b *branch) sum() *branch {
	b.size = b.left.branches() + 1 + b.right.branches()
	b.total = b.left.count() + b.weight + b.right.count()
	return b
}

// The two parameters of the balance: a side has at most heavy times the
// branches of the other one, counted with one more each; inner tells a single
// rotation from a double one. Of the whole numbers only 3 and 2 are right.
const (
	heavy = 3
	inner = 2
)

// balanced restores the balance of b, of which one side has changed by one.
func balanced(b *branch) *branch {
	left, right := b.left.branches()+1, b.right.branches()+1
	switch {
	case right > heavy*left:
		if b.right.left.branches()+1 >= inner*(b.right.right.branches()+1) {
			b.right = turnedRight(b.right)
		}
		return turnedLeft(b)
	case left > heavy*right:
		if b.left.right.branches()+1 >= inner*(b.left.left.branches()+1) {
			b.left = turnedLeft(b.left)
		}
		return turnedRight(b)
	}
	return b.sum()
}

func turnedLeft(b *branch) *branch {
	top := b.right
	b.right, top.left = top.left, b
	b.sum()
	return top.sum()
}

func turnedRight(b *branch) *branch {
	top := b.left
	b.left, top.right = top.right, b
	b.sum()
	return top.sum()
}

// glued joins the two sides of a branch that goes.
func glued(left, right *branch) *branch {
	switch {
	case left == nil:
		return right
	case right == nil:
		return left
	case left.size > right.size:
		top := left
		for top.right != nil {
			top = top.right
		}
		top.left, top.right = withoutLast(left), right
		return balanced(top)
	}
	top := right
	for top.left != nil {
		top = top.left
	}
	top.left, top.right = left, withoutFirst(right)
	return balanced(top)
}

func withoutFirst(b *branch) *branch {
	if b.left == nil {
		return b.right
	}
	b.left = withoutFirst(b.left)
	return balanced(b)
}

func withoutLast(b *branch) *branch {
	if b.right == nil {
		return b.left
	}
	b.right = withoutLast(b.right)
	return balanced(b)
}
