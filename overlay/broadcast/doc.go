// Package broadcast pushes parts to the neighbours as soon as they are made.
//
// It is the accelerator; repair is the guarantee. So nothing here is sent
// twice: what finds no room is dropped, counted, and left to repair, and the
// machine says with whom to repair once there is room again.
//
// In a mesh the author pushes to everyone itself and nobody relays: an update
// costs one payload per other node. In a static overlay what is new to a node
// goes on to its neighbours but the one it came from. The node tells new from
// known, because the replica does; the machine never looks inside a batch.
//
// A node numbers its pushes. A neighbour acknowledges the highest number it
// took, together for many pushes, and what a neighbour has not acknowledged is
// bounded in bytes and in pushes. So a slow reader costs its sender a bounded
// memory, and no other reader anything. A push whose acknowledgement does not
// come in time counts as lost.
//
// # What the caller owes
//
//  1. A batch holds whole parts and its body at most SizeMax bytes; parts that
//     do not fit are more batches. One larger than that is dropped.
//  2. Parts are durable before Push and Relay, or the messages of the Drain are
//     held until they are.
//  3. Relay is called with the parts of a Delivery that were new here, even if
//     they wait for others before they can be applied; when all of them were,
//     the body that came can be passed on as it is. What repair fetched is
//     relayed too.
package broadcast
