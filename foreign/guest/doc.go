//go:build !wasip1

// Package guest is for modules written in Go; see guest.go. Outside such a
// module there is nothing in it.
package guest
