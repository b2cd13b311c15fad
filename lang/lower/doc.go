// Package lower closes a typed program into a plan: it adds what depends on
// the whole program. It decides which bodies run at the home, refuses what
// reads across places this version does not bridge, decides who may write, and
// puts in the topology.
package lower
