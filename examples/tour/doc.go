// Package tour is twelve small programs of the language, in an order to read
// them in; README.md says what each teaches. This folder's tests hold them to
// what they say.
package tour
