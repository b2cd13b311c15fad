// Package bench sets Martinelli beside its peers and beside the naive form of
// each idea, in one run on one machine. It is a module of its own, so that
// nobody who embeds Martinelli fetches the peers. Those of JavaScript are in
// peers, which is a package of npm.
//
// A figure by itself says little: on a shared machine it varies by two from
// run to run. What is compared stands in one benchmark, under names that
// differ in the last part only, and its ratio is what docs/figures.md reports.
package bench
