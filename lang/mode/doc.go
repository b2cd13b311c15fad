// Package mode says of the values of a typed program whether they are settled,
// and why, and refuses a program that acts on one that may still change: rule
// R12. The rules themselves are plan's.
package mode
