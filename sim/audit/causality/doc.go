// Package causality judges what was visible where, and when: whether effects
// were seen before their causes, commits in halves, and sessions that went
// back in time.
//
// It is independent of the code it judges and imports none of it. Happened-before
// is worked out from what runs observed: a run is behind every commit
// that was visible to it in the spaces it touched, behind all its session had
// seen, and behind whatever is before those (Lamport 1978; causal consistency
// as in Ahamad et al., "Causal memory", 1995, with the atomic visibility of
// Bailis et al., "RAMP", 2014). What a part names as seen is never looked at;
// so a replica that forgets to name something is caught at whoever trusts it.
//
// Who records a history numbers the sites, the spaces and the commits, and
// finds out what is visible by what is shown, as by a value of each commit's own.
package causality
