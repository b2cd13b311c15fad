package plan

import "github.com/martinelli-lang/martinelli/value"

// Op says what an expression does.
type Op uint8

const (
	// Plain values.
	OpConst  Op = iota // Const
	OpLocal            // slot Index
	OpLet              // slot Index = Args[0]; the value of Args[1]
	OpField            // element Index of the record or tuple Args[0]
	OpMember           // field Name of the object Args[0] (its type is any); nil where it has none
	OpRecord           // Args in the order of the type's fields
	OpTuple            // Args
	OpList             // Args
	OpAt               // element Args[1] of the list Args[0], or that code point of the string; nil beyond its end
	OpCall             // Funcs[Index] of Args
	OpImport           // Imports[Index] of Args
	OpNow              // the commit's stamp in milliseconds
	OpNewID            // a fresh id
	OpOr               // Args[0], or Args[1] where it is nil: ".or(x)"

	// Operators. Numeric ones follow the type of Args[0]: int wraps, x/0 = x%0 = 0.
	OpNot
	OpNeg
	OpAdd // of strings too
	OpSub
	OpMul
	OpDiv
	OpMod
	OpEq
	OpNe
	OpLt
	OpLe
	OpGt
	OpGe
	OpAnd    // Args[1] only where Args[0] is true
	OpEither // or: Args[1] only where Args[0] is false
	OpIf     // Args[0] ? Args[1] : Args[2]
	OpIn     // Args[0] is an element of the collection or list Args[1]
	OpFloat  // the float of the int Args[0]

	// Readers of databases and views.
	OpCell     // the value of Databases[Index] at the key Args: a scalar, or a collection
	OpDatabase // all of Databases[Index]: a collection of (key values..., value); of a set, (key values..., element)
	OpKeys     // keys of Databases[Index] with a non-empty value: of one dimension the value itself, of more a tuple
	OpView     // Views[Index]

	// Operators over collections.
	OpMap          // Block over Args[0]
	OpFilter       // Block over Args[0]
	OpFlatMap      // Block, which yields a collection or list, over Args[0]
	OpProduct      // pairs of Args[0] and Args[1]; nested products flatten
	OpJoin         // the pairs of Args[0] and Args[1] for which Block holds; flattened as a product
	OpUnion        //
	OpIntersection //
	OpMinus        // Args[0] without the elements of Args[1]
	OpCount        // how many elements Args[0] has; of a list too, and of a string its code points

	OpViewAt // the value of Views[Index], which has keys, at the key Args: empty or nil where it has none

	// Operators over collections and lists, with what Block gives for each
	// element, or the element itself where there is no Block.
	OpSum     // ints wrap; floats are summed exactly and rounded once
	OpAvg     // the exact mean, rounded once; nil of none
	OpMax     // the largest; nil of none
	OpMin     // the smallest; nil of none
	OpFirst   // of a list its first element, of a collection its smallest; nil of none
	OpLast    // of a list its last element, of a collection its largest; nil of none
	OpSort    // the list of the elements by what Block gives, ascending; ties by the elements
	OpTop     // the list of the first Args[1] elements by what Block gives, descending; ties by the elements
	OpGroup   // (what Block gives, the list of the elements for which it gives that)
	OpClosure // the transitive closure of a collection of pairs

	OpAmbient // the value that the role gives the dimension Name: its node's user
	OpClock   // whether the node's clock, in milliseconds, is past Args[0], or, with the Index 1, at it or past it
)

// Expr is a typed expression.
type Expr struct {
	Op    Op
	Type  Type
	Index int
	Name  string
	Const value.Value
	Args  []*Expr
	Block *Block
}

// Block is a function over the elements of a collection. An element is put
// into the one slot of Params, or destructured into several. The body sees the
// slots of the body around it.
type Block struct {
	Params []int
	Expr   *Expr
}

// StmtOp says what a statement does.
type StmtOp uint8

const (
	StmtLet   StmtOp = iota // slot Index = Args[0]
	StmtIf                  // Args[0]: Body, else Else
	StmtEach                // Body for every element of Args[0], destructured into Params
	StmtWrite               // verb Name on Databases[Index] at the key Args[:Keys] with the arguments Args[Keys:]
	StmtClear               // takes back all that is seen of Databases[Index] at every key that begins with Args, then runs Body
	StmtAbort               // with reason Name and, where there is one, the constant Args[0] in words

	StmtTentatively // Body, which acts on what may change and says so

	// What coordinates. A handler ends with the first two, and StmtStep stands in a saga alone.
	StmtSerial // Body at the home, as one serial commit; where it aborts, Else with the reason in the slot Params[0], if there is an else
	StmtSaga   // the steps Body under the key Args[0]; where one aborts, the undoing of those before it in reverse, and then Else as above
	StmtStep   // Body, as one serial commit; Else undoes it
	StmtSeal   // Databases[Index] at the key Args[:Keys] never changes again

	StmtNotify // tells who listens the key Args[0] and the value Args[1]
	StmtUpload // raises the event Name with the arguments Args at the home, through the outbox
)

// Stmt is a statement of a handler or a repair.
type Stmt struct {
	Op         StmtOp
	Index      int
	Name       string
	Keys       int
	Params     []int
	Args       []*Expr
	Body, Else []*Stmt
}
