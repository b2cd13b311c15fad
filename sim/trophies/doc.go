// Package trophies keeps the seeds that found a bug. Each is played on every
// test run: what was found once stays found.
package trophies
