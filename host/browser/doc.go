// Package browser is a node in a page's worker, as far as it is no JavaScript:
// it owns the node, its journal, its links and their first words, and says in
// letters what the worker is to do.
//
// A Host is a machine like those below it: letters and the time come in,
// letters come out, and nothing here waits. So a test plays the worker, natively,
// and can kill it after any letter. What only a browser has (sockets, files,
// keys, timers) stands in host/browser/js, and the few lines between the two in
// host/browser/page. docs/wire/mailbox.md has the letters.
//
// # What the worker owes
//
//  1. It acts on the letters of a Deliver in their order, and on those of a later
//     Deliver after those of the ones before. Where a Write comes, nothing
//     behind it is acted on before its bytes are durable.
//  2. A Write that fails ends this Host: nothing behind it may be acted on. The
//     worker reads its files again and opens another one. So does it after Broken.
//  3. Every Sign and every Verify is answered once, at any time. Every Dial ends in
//     Connected or in Closed, and every link in Closed unless Hangup ended it.
//  4. At the time of the last Timer it delivers, be it nothing but the time.
package browser
