// Links to other pages, in the worker: whom to offer, whom to ask for an offer,
// and what has come of it. One rule keeps two from offering to each other at
// once: the replica with the smaller id offers, and the other one calls
// (docs/wire/signal.md).

import { type Invitation, inviteMax, type Lets, letIn, pack, unpack } from "./invite.ts";
import { Lobby } from "./lobby.ts";
import { base64, type Bytes, unbase64 } from "./mailbox.ts";
import { hand, hashOf, type Parcel, wrap } from "./parcel.ts";
import type { Linked, Signal, Signalled, Streams } from "./protocol.ts";
import { overChannel, overPort, PeerLink } from "./stream.ts";

/** The kinds of signals, by the numbers of overlay/signal. */
const call = 1;
const offer = 2;
const answer = 3;

/** Ways of links, by the numbers of host/browser. */
export const webRTC = 1;
export const broadcast = 2;

/** How long an attempt may take, in milliseconds; the node tries again by itself. */
const attemptMax = 10_000;

/** How many attempts are under way at most; a further one comes to nothing. */
const attemptsMax = 32;

/** How long a device that was given all it needs may take until it says who it is, in milliseconds. */
const opensMax = 60_000;

/** What a worker does for its Peers. */
export interface Wishes {
  /** What this page was given itself. */
  parcel(): Parcel;
  /** Makes a pass for a device of a user, with its key; without a key it says whether it would. It fails with a sentence. */
  delegate(user: string, key: Bytes | null): Promise<Bytes>;
  /** Says something to a page by way of others. */
  signal(to: string, kind: number, attempt: number, text: string): void;
  /** Says something to the leader's main thread. */
  tab(s: Signalled): void;
  /** A link is there: of the dial no, or with no 0 of another page's. addr is empty if that one began. */
  up(no: number, via: number, addr: string, binding: string, link: PeerLink): void;
  /** A dial came to nothing. */
  down(no: number, why: string): void;
}

interface Attempt {
  attempt: number;
  no: number; // of the dial, or 0
  isOurs: boolean; // this side offers
  isAnswered: boolean;
  link: PeerLink | null;
  binding: string;
  late: ReturnType<typeof setTimeout>;
  show?: { until: number; done(text: string): void; failed(why: Error): void }; // to a person, what is said to the other side otherwise
  peer?: string; // whom an invite turned out to be for
  lets?: Lets & { user: string; parcel: Bytes }; // an invite that lets a device in
  hand?: Bytes; // what the device is given
}

export class Peers {
  readonly #self: string;
  readonly #cluster: string;
  readonly #wishes: Wishes;
  readonly #lobby: Lobby;
  readonly #attempts = new Map<string, Attempt>(); // by peer

  constructor(self: string, cluster: string, wishes: Wishes) {
    this.#self = self;
    this.#cluster = cluster;
    this.#wishes = wishes;
    this.#lobby = new Lobby(self, cluster, (peer, isOurs, link) => wishes.up(this.#dialled(peer), broadcast, isOurs ? `page:${peer}` : "", "", link));
  }

  /** dial makes a link to the page with the id. */
  dial(no: number, peer: string): void {
    const under = this.#attempts.get(peer);
    if (under) {
      under.no = no;
    } else if (this.#attempts.size >= attemptsMax) {
      this.#wishes.down(no, "too many connections are being made");
    } else {
      this.#begin(peer, no, random(), this.#offers(peer) ? "dial" : "call");
    }
    this.#lobby.call(peer);
  }

  /** hangUp gives a dial up. */
  hangUp(no: number): void {
    for (const [peer, a] of this.#attempts) if (a.no === no && no > 0) this.#over(peer, a);
  }

  /** invite returns an offer as a text, which holds for so many seconds; with a user it lets a device of his in. It fails with a sentence. */
  async invite(seconds: number, user?: string): Promise<string> {
    const attempt = random();
    let lets: Attempt["lets"];
    if (user !== undefined) {
      await this.#wishes.delegate(user, null);
      const parcel = wrap(this.#wishes.parcel());
      lets = { user, parcel, secret: base64(crypto.getRandomValues(new Uint8Array(16))), hash: base64(await hashOf(parcel)) };
    }
    return this.#shown(`invite ${attempt}`, attempt, Date.now() + 1000 * Math.min(seconds, inviteMax), "dial", "", lets);
  }

  /** accept takes an offer, and returns the answer to it as a text; or the answer, and returns null. It fails with a sentence. */
  async accept(text: string): Promise<string | null> {
    const i = await unpack(text);
    if (i.cluster !== this.#cluster) throw new Error(`this invite is of the cluster ${i.cluster}, and this page belongs to ${this.#cluster}`);
    if (i.from === this.#self) throw new Error("this invite is this page's own: open it on the other device");
    if (i.is === "answer") return this.#answered(i);
    const under = this.#attempts.get(i.from);
    if (under) this.#over(i.from, under);
    return this.#shown(i.from, i.attempt, i.until, "offer", i.sdp);
  }

  /** signalled takes what another page said. */
  signalled(from: string, kind: number, attempt: number, text: string): void {
    const under = this.#attempts.get(from);
    if (kind === answer) {
      if (under?.attempt !== attempt || under.isAnswered || !this.#offers(from)) return;
      under.isAnswered = true;
      return this.#tell(from, attempt, "answer", text);
    }
    if (under?.attempt === attempt && under.isAnswered) return; // it came by two ways
    if (this.#offers(from) !== (kind === call)) return;
    if (kind === call && under) return; // an offer is under way
    if (!under && this.#attempts.size >= attemptsMax) return;
    const no = under?.no ?? 0;
    if (under) this.#forget(from, under);
    if (kind === call) return this.#begin(from, no, attempt, "dial");
    this.#begin(from, no, attempt, "offer", text);
  }

  /** take hears what the tab has to say of a connection. */
  take(r: Signal | Streams | Linked): void {
    const a = this.#attempts.get(r.peer);
    if (a?.attempt !== r.attempt) {
      if (r.op === "streams") for (const s of r.streams) s.close();
      return;
    }
    switch (r.op) {
      case "streams":
        a.link = new PeerLink(r.streams.map((s) => ("readyState" in s ? overChannel(s) : overPort(s))), () => this.#look(r.peer, a), (why) => this.#failed(r.peer, a, why));
        return;
      case "linked":
        a.binding = r.binding;
        return this.#look(r.peer, a);
      case "signal":
        if (r.kind === "failed") return this.#failed(r.peer, a, r.body);
        if (a.show) {
          const lets = a.lets && { lets: { secret: a.lets.secret, hash: a.lets.hash } };
          return void this.#show(a.show, { v: 1, is: r.kind, cluster: this.#cluster, from: this.#self, attempt: a.attempt, until: a.show.until, sdp: r.body, ...lets });
        }
        return this.#wishes.signal(r.peer, r.kind === "offer" ? offer : answer, a.attempt, r.body);
    }
  }

  close(): void {
    for (const [peer, a] of this.#attempts) this.#over(peer, a);
    this.#lobby.close();
  }

  #offers(peer: string) {
    return this.#self < peer;
  }

  #begin(peer: string, no: number, attempt: number, kind: "dial" | "call" | "offer", text = "", show?: Attempt["show"], lets?: Attempt["lets"]) {
    const a: Attempt = { ...(lets && { lets }), attempt, no, isOurs: kind === "dial", isAnswered: kind === "offer", link: null, binding: "", late: setTimeout(() => this.#failed(peer, a, "nobody answers"), attemptMax) };
    this.#attempts.set(peer, a);
    if (show) {
      clearTimeout(a.late);
      a.late = setTimeout(() => this.#failed(peer, a, "the invite has expired"), Math.min(show.until - Date.now(), 1000 * inviteMax));
      a.show = show;
    }
    if (kind === "call") this.#wishes.signal(peer, call, attempt, "");
    else this.#tell(peer, attempt, kind, text, show !== undefined);
  }

  #shown(peer: string, attempt: number, until: number, kind: "dial" | "offer", text = "", lets?: Attempt["lets"]): Promise<string> {
    if (this.#attempts.size >= attemptsMax) return Promise.reject(new Error("too many connections are being made: try again in a minute"));
    return new Promise((done, failed) => this.#begin(peer, 0, attempt, kind, text, { until, done, failed }, lets));
  }

  #show(show: NonNullable<Attempt["show"]>, i: Invitation) {
    pack(i).then(show.done, show.failed);
  }

  async #answered(i: Invitation): Promise<null> {
    const name = `invite ${i.attempt}`;
    const a = this.#attempts.get(name);
    const isGood = i.key === undefined || (a?.lets && (await letIn(a.lets.secret, i.key, i.sdp)) === i.proof);
    if (!a || a.isAnswered || this.#attempts.get(name) !== a) {
      throw new Error("this answers no invite of this page, or one that was answered: the page may have been loaded again since. Make a new one");
    }
    if (!a.lets && i.key !== undefined) throw new Error("the other page was never admitted, and this invite lets nobody in: make one for a new device");
    if (!isGood) throw new Error("this is not the answer of whoever has the invite: take it from the other device itself");
    a.isAnswered = true;
    if (i.key !== undefined) await this.#allow(name, a, unbase64(i.key));
    else a.peer = i.from;
    this.#tell(name, i.attempt, "answer", i.sdp);
    return null;
  }

  /** allow makes what a new device is given, or ends the attempt. */
  async #allow(name: string, a: Attempt, key: Bytes) {
    try {
      if (key.length !== 32) throw new Error("the other device has no key: load the page again at both ends");
      a.hand = hand(await this.#wishes.delegate(a.lets!.user, key), a.lets!.parcel);
    } catch (cause) {
      if (this.#attempts.get(name) === a) this.#over(name, a);
      throw cause;
    }
  }

  /** look gives the link to the node when it is open and bound. */
  #look(peer: string, a: Attempt) {
    if (!a.link?.isOpen || a.binding === "") return;
    clearTimeout(a.late);
    if (a.hand) return this.#give(peer, a, a.link, a.hand);
    this.#up(peer, a, a.link);
  }

  /** give lets a device have what it needs; the node hears of it when it begins to say who it is. */
  #give(peer: string, a: Attempt, link: PeerLink, what: Bytes) {
    a.late = setTimeout(() => this.#failed(peer, a, "the new device has not opened the program in time"), opensMax);
    link.early = () => {
      link.early = () => false;
      clearTimeout(a.late);
      queueMicrotask(() => this.#attempts.get(peer) === a && this.#up(peer, a, link)); // what came is kept first
      return false;
    };
    link.send(2, what);
  }

  #up(peer: string, a: Attempt, link: PeerLink) {
    this.#attempts.delete(peer);
    link.over = () => this.#tell(peer, a.attempt, "close");
    const addr = a.lets && a.peer === undefined ? "" : `page:${a.peer ?? peer}`; // the id of a new device is the node's to learn
    this.#wishes.up(a.no, webRTC, a.isOurs || a.no > 0 ? addr : "", a.binding, link);
  }

  #failed(peer: string, a: Attempt, why: string) {
    if (this.#attempts.get(peer) !== a) return;
    this.#over(peer, a);
    a.show?.failed(new Error(why));
    if (a.no > 0) this.#wishes.down(a.no, why);
  }

  #over(peer: string, a: Attempt) {
    this.#forget(peer, a);
    this.#tell(peer, a.attempt, "close");
  }

  #forget(peer: string, a: Attempt) {
    clearTimeout(a.late);
    a.link?.close();
    this.#attempts.delete(peer);
  }

  /** dialled ends the attempt of which a link by another way has come, and returns its dial. */
  #dialled(peer: string): number {
    const a = this.#attempts.get(peer);
    if (a) this.#over(peer, a);
    return a?.no ?? 0;
  }

  #tell(peer: string, attempt: number, kind: Signalled["kind"], body = "", isShown = false) {
    this.#wishes.tab({ op: "signalled", peer, attempt, kind, body, ...(isShown && { isShown }) });
  }
}

/** random is a number that no other attempt has. */
function random(): number {
  const [a, b] = crypto.getRandomValues(new Uint32Array(2));
  return (a! & 0xfffff) * 2 ** 32 + b!;
}
