// What a page needs of a server before it is a node: a pass, the program, and
// the modules that the program imports. All of it is kept, so that the next
// start needs no network.

import type { Admitted, Identity } from "./keys.ts";
import { base64, type Bytes } from "./mailbox.ts";
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

/** admit asks the servers in their order for a pass. It fails with what the last one said. */
export async function admit(id: Identity, start: Start): Promise<Admitted> {
  let why = "there is no server to ask";
  for (const server of start.servers) {
    try {
      const { user, secret, extra } = start.login ?? {};
      const body = { ...extra, key: base64(id.public), role: start.role, user: user ?? id.admitted?.user, secret };
      const answer = await fetch(`${server}/v1/admit`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
      const said = await answer.json();
      if (answer.ok) return said as Admitted;
      why = [said.error, said.hint].filter(Boolean).join("; ") || `${server} answered with ${answer.status}`;
    } catch (cause) {
      why = `${server} can't be reached (${(cause as Error).message})`;
    }
  }
  throw new Error(why);
}

/** bytesAt fetches what is at a URL. */
export async function bytesAt(url: string): Promise<Bytes> {
  const answer = await fetch(url, { cache: "no-cache" });
  if (!answer.ok) throw new Error(`${url} was answered with ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}
