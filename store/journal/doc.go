// Package journal is the disk of a page and of a Node.js process: a store.Disk
// that is kept in memory, over five append-only files which the environment
// has given names, bytes and a way to write.
//
// It is pure: Open is given what the files hold, and from then on a Journal
// asks for Actions. Whoever executes them owes four things.
//
//  1. Actions are executed in their order, one after another: no write begins
//     before the flush that stands before it has ended.
//  2. A flush ends when what was written to its file survives a power cut. None
//     may be left out; many batches before one Sync are how to have fewer.
//  3. An action that failed, for want of space or for another reason, is
//     executed again before any later one. Done twice it does what it does once.
//  4. Nothing that a batch makes true leaves before the actions taken after its
//     Sync are done.
//
// docs/wire/journal.md draws the files, docs/why/journal.md says why it is done so.
package journal
