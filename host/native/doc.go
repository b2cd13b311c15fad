// Package native is the real world around a node: its clock, its disk, the
// links to its peers and the door for its clients.
//
// One owner goroutine calls the node. It takes inputs from two bounded queues
// (control before everything else), drains, and hands each output to the disk
// goroutine over a bounded queue; that one writes many outputs in one synced
// batch and then releases their messages, answers and shown changes strictly
// in order, while the owner goes on. So what leaves this process is durable,
// and a group commit costs one sync however many commits are in it.
//
//	HTTP ─┐                      ┌▶ answers, shown changes
//	links ├▶ inputs ▶ owner ▶ outputs ▶ disk ─┤
//	timer ┘           (node)      └▶ send queues, one per channel and peer
//
// Every arrow is a queue with a named bound (limits.go), and limits.go says
// what happens at each bound.
package native
