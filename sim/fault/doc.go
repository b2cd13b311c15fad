// Package fault says what goes wrong in an imagined world, and when: rates for
// single messages, and a schedule of cuts, crashes and wrong clocks.
//
// A Spec is what a person asks for ("drop=0.2,cuts=4"); a Schedule is what a
// seed makes of it. Neither knows how a world carries faults out, nor who
// judges the outcome.
package fault
