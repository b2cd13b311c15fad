// Package repair finds what two replicas do not have in common, and fetches it.
package repair
