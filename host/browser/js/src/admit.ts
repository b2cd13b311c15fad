// What a page needs of a server before it is a node: a pass, the program, and
// the modules that the program imports. All of it is kept, so that the next
// start needs no network. How it comes to a pass stands in guest.ts.

import type { Identity } from "./keys.ts";
import type { Bytes } from "./mailbox.ts";
import type { Start } from "./protocol.ts";

/** A pass that holds for less than this is renewed when there is a network: three days, in milliseconds. */
const renewBefore = 3 * 24 * 3600_000;

/** isStale reports whether another pass should be asked for. */
export function isStale(id: Identity, start: Start): boolean {
  const has = id.admitted;
  if (start.pass !== undefined) return has?.pass !== start.pass;
  if (!has) return true;
  const asks = start.login?.user;
  return (asks !== undefined && asks !== has.user) || has.role !== start.role || has.expires - Date.now() < renewBefore;
}

/** bytesAt fetches what is at a URL. */
export async function bytesAt(url: string): Promise<Bytes> {
  const answer = await fetch(url, { cache: "no-cache" });
  if (!answer.ok) throw new Error(`${url} was answered with ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}
