// Package saga keeps the sagas of a home: how far each one is, when it goes on,
// and what came of those that have ended.
//
// A saga is a list of steps, each a commit of its own, each with what undoes
// it. Where one gives up, those before it are undone in reverse; so a saga
// ends with all of its steps done or with none left (H. Garcia-Molina, K. Salem:
// Sagas, SIGMOD 1987, section 2). Its name is the text of its block and a key:
// under one name there is one saga for ever, and who begins it again is told
// what came of the first.
//
// # What the caller owes
//
//  1. What a call returns as a Change is committed together with what the step
//     or undo wrote, in one write to the store, and then given back with Heed,
//     entry by entry. Nothing of a saga is kept but by Heed, so a restart, which
//     heeds what the store has and then resumes, brings it to exactly where it was. A step has its
//     effect iff the record says so: there is no moment between.
//  2. Next says what is due. The caller runs that step or undo, and then calls
//     one of Done, Aborted and Failed with the same task, and commits.
//  3. Instants may go back over a restart: what would wait longer than
//     Limits.RetryMax from then waits that long.
//
// The machine runs no step and knows no program: a block is so many steps, or one
// that the program lacks, whose sagas rest until a program has it again.
package saga
