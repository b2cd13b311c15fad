// Package judge says what each part of a program needs at each role of a
// topology: what it shows or acts on is settled or tentative, it merges or
// stays where it is, and how much coordination it takes.
package judge
