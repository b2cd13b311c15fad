// Package jsonvalue carries plain values between programs and JSON by their
// types: arguments of events in, readings of databases and views out.
//
// It reads straight into values, in one pass over the body, because a load of
// a million lines goes through it, and because it can then say of every
// mistake which member it is in, what was expected there and what was found.
// Unlike encoding/json it refuses a member given twice, bytes that are not
// UTF-8, and an integer that is written as a fraction.
//
//	JSON                        type                     value
//	null                        nil, maybe<T>, any       Nil
//	true, false                 bool, any                Bool
//	12 (no fraction, exponent)  int, nat, time, any      Int
//	any number                  float; any, else         Float
//	string                      string, id, any          String
//	string                      symbol                   Symbol
//	array                       list<T>, sets, any       List
//	array of that length        tuple                    Tuple
//	object with those members   record                   Record
//	object                      any                      Object
package jsonvalue
