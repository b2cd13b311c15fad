// What a page gives to a device that it lets in: all that a node needs but a
// pass. docs/wire/invite.md draws its bytes.

import type { Admitted } from "./keys.ts";
import type { Bytes } from "./mailbox.ts";

/** A Parcel is the cluster, whom the device will be in it, the program and the modules that it imports. */
export interface Parcel {
  admitted: Omit<Admitted, "pass">;
  plan: Bytes;
  modules: Record<string, Bytes>;
}

/** The largest parcel, in bytes: what a channel between pages holds, less what else may wait there. */
export const parcelMax = 24 << 20;

interface Head {
  admitted: Parcel["admitted"];
  plan: number; // bytes
  modules: [name: string, bytes: number][];
}

/** wrap writes a parcel. It fails with a sentence where that is too large. */
export function wrap(p: Parcel): Bytes {
  const modules = Object.entries(p.modules).sort(([a], [b]) => (a < b ? -1 : 1));
  const { cluster, root, steward, user, role, expires } = p.admitted;
  const head: Head = { admitted: { cluster, root, steward, user, role, expires }, plan: p.plan.length, modules: modules.map(([name, bytes]) => [name, bytes.length]) };
  const text = new TextEncoder().encode(JSON.stringify(head));
  const b = joined(number(text.length), text, p.plan, ...modules.map(([, bytes]) => bytes));
  if (b.length > parcelMax) throw new Error("the program is too large to be handed on from page to page: the new device has to load it from a server");
  return b;
}

/** unwrap reads a parcel. It fails with a sentence. */
export function unwrap(b: Bytes): Parcel {
  try {
    const start = 4 + numberAt(b, 0);
    const head = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(b.subarray(4, start))) as Head;
    let at = start;
    const take = (n: number): Bytes => {
      if (!(Number.isSafeInteger(n) && n >= 0 && at + n <= b.length)) throw new Error("it ends early");
      return b.slice(at, (at += n));
    };
    const plan = take(head.plan);
    const modules = Object.fromEntries(head.modules.map(([name, n]) => [String(name), take(n)]));
    const { cluster, root, steward, user, role, expires } = head.admitted;
    if (at !== b.length || [cluster, root, steward, user, role].some((s) => typeof s !== "string") || typeof expires !== "number") throw new Error("it has other parts");
    return { admitted: { cluster, root, steward, user, role, expires }, plan, modules };
  } catch (cause) {
    throw new Error(`what the other page gave can't be read (${(cause as Error).message}): load the page again at both ends`);
  }
}

/** hand puts a pass before a parcel, as the two go over a channel. */
export function hand(pass: Bytes, parcel: Bytes): Bytes {
  return joined(number(pass.length), number(parcel.length), pass, parcel);
}

/** A Hand gathers what comes over a channel until both are there. */
export class Hand {
  #b: Bytes | null = null; // all of it, once its size is known
  #head: Bytes = new Uint8Array();
  #size = 0;

  /** take takes bytes, and returns pass and parcel with the last of them. It fails with a sentence. */
  take(bytes: Bytes): { pass: Bytes; parcel: Bytes } | null {
    if (!this.#b) {
      this.#head = joined(this.#head, bytes);
      if (this.#head.length < 8) return null;
      const pass = numberAt(this.#head, 0), parcel = numberAt(this.#head, 4);
      if (pass > passMax || parcel > parcelMax) throw new Error("the other page gives more than any program takes");
      this.#b = new Uint8Array(8 + pass + parcel);
      bytes = this.#head;
    }
    if (this.#size + bytes.length > this.#b.length) throw new Error("the other page gives more than it said");
    this.#b.set(bytes, this.#size);
    this.#size += bytes.length;
    if (this.#size < this.#b.length) return null;
    const end = 8 + numberAt(this.#b, 0);
    return { pass: this.#b.slice(8, end), parcel: this.#b.slice(end) };
  }
}

/** The largest pass (trust/admission). */
const passMax = 4 << 10;

/** hashOf is what an invite says of a parcel: its SHA-256. */
export async function hashOf(parcel: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", parcel));
}

function number(n: number): Bytes {
  const b = new Uint8Array(4);
  new DataView(b.buffer).setUint32(0, n, true);
  return b;
}

function numberAt(b: Bytes, at: number): number {
  return new DataView(b.buffer, b.byteOffset).getUint32(at, true);
}

function joined(...pieces: Bytes[]): Bytes {
  const all = new Uint8Array(pieces.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of pieces) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}
