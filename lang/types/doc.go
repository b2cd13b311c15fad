// Package types gives every expression of a resolved program its type and, in
// the same pass, its form in the plan.
//
// Typing is bidirectional: an expression is either checked against a type that
// its place asks for, or its type is inferred; there are no generics beyond
// the built-in collections. What is wrong becomes one letter, and the type of
// the faulty expression then absorbs: whatever is done with it is accepted, so
// that one mistake makes one letter.
//
// The types of untyped databases and of dimensions come from their uses. Quiet
// passes over all bodies gather them until nothing new is learned; the last
// pass writes the letters.
package types
