// Invites: what two pages say to find to each other when nobody is linked to
// both, as texts that people pass on, by a link, a message or a code. The one
// who invites shows an offer; whoever takes it shows an answer; and when that
// has come back to the first, there is a connection. An invite may also let a
// device in that has no pass: docs/why/invites.md says who may come by what.

import { base64, unbase64 } from "./mailbox.ts";

/** What an invite says. */
export interface Invitation {
  v: 1;
  is: "offer" | "answer";
  cluster: string;
  from: string; // replica id, hex
  attempt: number;
  until: number; // milliseconds since 1970
  sdp: string;
  lets?: Lets; // of an offer: a new device is let in
  key?: string; // of an answer by a new device: its public key, base64url
  proof?: string; // and that it has seen the offer: see letIn
}

/** What an offer says that lets a new device in. */
export interface Lets {
  secret: string; // 16 bytes, base64url
  hash: string; // of the parcel that the device is given, base64url
}

const prefix = "invite=";

/** How long an invite holds at most, in seconds. */
export const inviteMax = 3600;

/** The longest invite that is unpacked, in bytes. */
const sizeMax = 16 << 10;

/** pack writes an invitation as text that may stand behind the # of a link. */
export async function pack(i: Invitation): Promise<string> {
  return prefix + base64(await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(JSON.stringify(i))));
}

/** unpack finds an invitation in a text, of which it may be the end: a link. It fails with a sentence. */
export async function unpack(text: string): Promise<Invitation> {
  let i: Invitation;
  try {
    const packed = unbase64(text.slice(text.lastIndexOf(prefix) + prefix.length).trim());
    i = JSON.parse(new TextDecoder().decode(await through(new DecompressionStream("deflate-raw"), packed)));
  } catch {
    throw new Error("this is no invite: copy the whole link, or the whole answer");
  }
  const texts = [i.cluster, i.from, i.sdp, ...(i.lets ? [i.lets.secret, i.lets.hash] : []), ...(i.key !== undefined ? [i.key, i.proof] : [])];
  const isNamed = i.is === "answer" && i.key !== undefined ? i.from === "" : /^[0-9a-f]{32}$/.test(i.from); // a device without a node has no id
  if (i.v !== 1 || (i.is !== "offer" && i.is !== "answer") || texts.some((t) => typeof t !== "string") || !isNamed || !Number.isSafeInteger(i.attempt)) {
    throw new Error("this invite is of another version: load the page again at both ends");
  }
  if (!(i.until > Date.now())) throw new Error("this invite has expired: ask for a new one");
  return i;
}

/** letIn is what a device that has seen an offer's secret says with its key: HMAC-SHA256 over both, base64url. */
export async function letIn(secret: string, key: string, sdp: string): Promise<string> {
  const by = await crypto.subtle.importKey("raw", unbase64(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return base64(new Uint8Array(await crypto.subtle.sign("HMAC", by, new TextEncoder().encode(`${key} ${sdp}`))));
}

async function through(stream: CompressionStream | DecompressionStream, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const writer = stream.writable.getWriter();
  writer.write(bytes).then(() => writer.close()).catch(() => {});
  const reader = stream.readable.getReader();
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if ((size += next.value.length) > sizeMax) throw new Error("it is too long");
    pieces.push(next.value);
  }
  return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
}
