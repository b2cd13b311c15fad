// How a page comes to its first pass: from a server, or from a page that lets it
// in by an invite (docs/why/invites.md). It is loaded when it is needed.

import { type Invitation, inviteMax, letIn, pack, unpack } from "./invite.ts";
import type { Admitted, Identity } from "./keys.ts";
import { base64, type Bytes } from "./mailbox.ts";
import { Hand, hashOf, unwrap } from "./parcel.ts";
import type { Linked, Signal, Signalled, Start, Streams } from "./protocol.ts";
import { overChannel, overPort, PeerLink } from "./stream.ts";

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

/** How long the page that invited may be silent once there is a connection, in milliseconds. */
const silentMax = 30_000;

/** What Peers do with a link that is there. */
type Up = (no: number, via: number, addr: string, binding: string, link: PeerLink) => void;

/** The way of a link over WebRTC, by the numbers of host/browser. */
const webRTC = 1;

/** A Guest takes an invite, at a page that has no pass: it shows an answer, and is given what a node needs. */
export class Guest {
  readonly #id: Identity;
  readonly #tab: (s: Signalled) => void;
  readonly #hand = new Hand();
  #invitation: Invitation | null = null; // once the invite was read
  #link: PeerLink | null = null;
  #binding = "";
  #over: (why: Error) => void = () => {};
  #what: { pass: Bytes; parcel: Bytes } | null = null;
  #given: (what: { pass: Bytes; parcel: Bytes }) => void = () => {};
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor(id: Identity, tab: (s: Signalled) => void) {
    this.#id = id;
    this.#tab = tab;
  }

  /** join waits until it is let in; then the identity has all that it needs. It fails with a sentence. */
  async join(text: string): Promise<void> {
    const i = (this.#invitation = await unpack(text));
    if (i.is !== "offer" || !i.lets) throw new Error("this invite lets nobody in who was never admitted: ask for one that is made for a new device");
    try {
      const { pass, parcel } = await new Promise<{ pass: Bytes; parcel: Bytes }>((given, over) => {
        this.#given = given;
        this.#over = over;
        this.#wait(Math.min(i.until - Date.now(), 1000 * inviteMax), "the invite has expired: ask for a new one");
        this.#say("offer", i.sdp);
      });
      if (base64(await hashOf(parcel)) !== i.lets.hash) throw new Error("the other page gave another program than its invite says: ask for a new invite");
      const { admitted, plan, modules } = unwrap(parcel);
      if (admitted.cluster !== i.cluster) throw new Error(`the invite is of the cluster ${i.cluster}, and the other page belongs to ${admitted.cluster}`);
      Object.assign(this.#id, { admitted: { ...admitted, pass: base64(pass) }, plan, modules });
    } catch (cause) {
      this.close();
      throw cause;
    } finally {
      clearTimeout(this.#late);
    }
  }

  /** up gives the link to the node, which there is now. */
  up(up: Up): void {
    if (this.#link?.isOpen) up(0, webRTC, "", this.#binding, this.#link);
  }

  /** take hears what the tab has to say of the connection. */
  take(r: Signal | Streams | Linked): void {
    switch (r.op) {
      case "streams":
        this.#link = new PeerLink(r.streams.map((s) => ("readyState" in s ? overChannel(s) : overPort(s))), () => {}, (why) => this.#over(new Error(why)));
        this.#link.over = () => this.#say("close");
        this.#link.early = (channel, bytes) => this.#early(channel, bytes);
        return;
      case "linked":
        this.#binding = r.binding;
        this.#wait(silentMax, "the page that invited is silent: ask for a new invite");
        return this.#look();
      case "signal":
        if (r.kind === "failed") return this.#over(new Error(r.body));
        return void this.#answer(r.body).catch(this.#over);
    }
  }

  close(): void {
    this.#over(new Error("the application is closed in this tab"));
    if (this.#link) this.#link.close();
    else if (this.#invitation) this.#say("close");
  }

  async #answer(sdp: string) {
    const { cluster, attempt, until, lets } = this.#invitation!;
    const key = base64(this.#id.public);
    const answer: Invitation = { v: 1, is: "answer", cluster, from: "", attempt, until, sdp, key, proof: await letIn(lets!.secret, key, sdp) };
    this.#say("shown", await pack(answer));
  }

  /** early takes what comes on the third channel before there is a node; the rest is the node's. */
  #early(channel: number, bytes: Bytes): boolean {
    if (channel !== 2) return false;
    this.#wait(silentMax, "the page that invited fell silent: ask for a new invite");
    try {
      const given = this.#hand.take(bytes);
      if (given) {
        this.#link!.early = () => false;
        this.#what = given;
        this.#look();
      }
    } catch (cause) {
      this.#over(cause as Error);
    }
    return true;
  }

  /** look ends the waiting: what is given may come before the tab says that there is a connection. */
  #look() {
    if (this.#what && this.#binding) this.#given(this.#what);
  }

  #wait(during: number, why: string) {
    clearTimeout(this.#late);
    this.#late = setTimeout(() => this.#over(new Error(why)), during);
  }

  #say(kind: Signalled["kind"], body = "") {
    this.#tab({ op: "signalled", peer: "invite", attempt: this.#invitation!.attempt, kind, body, ...(kind === "offer" && { isShown: true as const }) });
  }
}
