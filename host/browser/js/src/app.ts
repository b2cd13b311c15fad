// An application as a tab has it: its databases and views at hand, its events
// on their way, and what the worker says to both.

import type * as api from "../types/client.d.ts";
import { Aborted, Failed } from "./errors.ts";
import { Live } from "./live.ts";
import type { Answer, Event, FromWorker, Ready, Reply, Request, Signalled } from "./protocol.ts";
import { Raising, Streams } from "./raise.ts";

/** A Line carries requests to the worker, in order; those of one microtask go together. */
export interface Line {
  send(request: Request, transfer?: Transferable[]): void;
  /** alone runs f while no other tab runs its own. */
  alone(f: () => Promise<void>): Promise<void>;
  close(forget: boolean): Promise<void>;
  readonly isLeader: boolean;
}

/** takenEvery is how many batches a tab lets come before it says that it has them. */
const takenEvery = 64;

const nothing: api.Status = Object.freeze({
  online: false, server: false, peers: [], unsynced: 0, pending: 0, members: 0, barred: "", notes: [],
  storage: { kind: "memory", state: "good", persisted: false, used: 0, quota: 0, text: "" },
} as const);

/**
 * triesMax is how often something is sent that gets no answer at all: it may be
 * what breaks the node. The last time it goes alone, so that nothing else is
 * given up for it.
 */
const triesMax = 3;

interface Asked {
  id: number;
  request: Request;
  take: (a: Answer) => void;
  tries: number; // since it had an answer
  wake: (() => void) | null; // it goes alone, and this says that it was answered, or the node has said that it is open
}

export class App implements api.App<api.AnyProgram> {
  readonly databases: Record<string, any> = {};
  readonly views: Record<string, any> = {};
  readonly events: Record<string, any> = {};
  user = "";
  role = "";
  replica = "";
  cluster = "";
  opened = { isFirst: false, records: 0, wasm: 0, read: 0, open: 0 };
  status: api.Status = nothing;

  /** ready is settled when the node is open and all that is watched from the beginning has a value. */
  readonly ready: Promise<void>;
  #isReady!: () => void;
  #hasFailed!: (why: Error) => void;

  readonly #line: Line;
  readonly #streams: Streams;
  readonly #names: string[] | undefined;
  readonly #lives = new Map<string, Live>();
  readonly #watches = new Map<number, Live>(); // by the id of the watch that is under way
  readonly #asked = new Map<number, Asked>(); // what has no last answer
  readonly #listeners = new Set<() => void>();
  readonly #hearers = new Map<string, Set<(heard: any) => void>>();
  #worker = "";
  #idLast = 0;
  #isOpen = false;
  #isClosed = false;
  #isEvicted = false;
  #taken = 0;

  constructor(line: (take: (from: FromWorker) => void) => Line, streams: Streams, names: string[] | undefined, readonly signalled: (s: Signalled) => void = () => {}) {
    this.#streams = streams;
    this.#names = names;
    this.ready = new Promise((resolve, reject) => {
      this.#isReady = resolve;
      this.#hasFailed = reject;
    });
    this.ready.catch(() => {});
    this.#line = line((from) => this.#take(from));
  }

  get isLeader() {
    return this.#line.isLeader;
  }

  subscribe(listener: () => void): () => void {
    const own = () => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  on<K extends keyof api.Heard>(what: K, listener: (heard: api.Heard[K]) => void): () => void {
    const hearers = this.#hearers.get(what) ?? new Set();
    this.#hearers.set(what, hearers);
    hearers.add(listener);
    if (what === "notice" && hearers.size === 1) this.#line.send({ op: "listen", on: true });
    return () => {
      hearers.delete(listener);
      if (what === "notice" && hearers.size === 0) this.#line.send({ op: "listen", on: false });
    };
  }

  read(name: string, ...key: unknown[]): Promise<unknown> {
    return this.#ask((id) => ({ op: "read", id, name, ...(key.length > 0 && { key: JSON.stringify(key) }) }));
  }

  async invite(seconds: number, to?: string): Promise<string> {
    const text = await this.#ask((id) => ({ op: "invite", id, seconds, ...(to !== undefined && { to }) }));
    return globalThis.location ? new URL(`#${text}`, location.href).href : `${text}`;
  }

  accept(text: string): Promise<string | null> {
    return this.#ask((id) => ({ op: "accept", id, text })) as Promise<string | null>;
  }

  persist() {
    this.#line.send({ op: "persist" });
  }

  /** relay says to the worker what came of a peer connection, which only a tab can have. */
  relay(request: Request, transfer: Transferable[] = []) {
    this.#line.send(request, transfer);
  }

  async close({ forget = false } = {}): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#line.close(forget);
    this.#tell("closed", { forget });
    for (const asked of [...this.#asked.values()]) this.#drop(asked, "closed", "the application is closed in this tab");
  }

  /** evicted says from now on that what was stored is gone: the store is new, and there had been one. */
  evicted() {
    this.#isEvicted = true;
    this.#told(this.status);
  }

  /** failed ends the opening; afterwards it is heard. */
  failed(kind: string, text: string, final: boolean) {
    const isHopeless = final || kind === "admit" || kind === "load"; // these wait for a network or a person
    if (isHopeless) this.#hasFailed(new Failed(kind, text));
    this.#tell("failed", { kind, text, final });
  }

  #raise(event: Event, args: object = {}, { now = false }: api.RaiseOptions = {}): api.Raised {
    const atHome = event.runs === "home";
    const { stream, seq, release } = atHome ? this.#streams.lane() : this.#streams.own();
    const id = ++this.#idLast;
    const request: Request = { op: "raise", id, event: event.name, args: JSON.stringify(args), stream, seq, ...(atHome && { outbox: !now }) };
    const raising = new Raising(request, event.runs === "here", release);
    const take = (a: Answer) => {
      raising.take(a);
      if (a.state === "aborted") this.#tell("aborted", { event: event.name, id: raising.raised.id, why: a.why ?? "", detail: a.detail ?? "" });
    };
    if (this.#isClosed) {
      raising.fail("closed", "the application is closed in this tab");
      return raising.raised;
    }
    this.#asked.set(id, { id, request, take, tries: 1, wake: null });
    this.#line.send(request);
    return raising.raised;
  }

  #ask(make: (id: number) => Request): Promise<unknown> {
    const id = ++this.#idLast;
    const request = make(id);
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new Aborted("closed", "the application is closed in this tab"));
      const take = (a: Answer) => {
        if (a.state === "aborted") reject(new Aborted(a.why ?? "", a.detail ?? ""));
        else if (a.last) resolve(a.value === undefined ? null : JSON.parse(a.value));
      };
      this.#asked.set(id, { id, request, take, tries: 1, wake: null });
      this.#line.send(request);
    });
  }

  #watch(live: Live) {
    if (live.isWatched || this.#isClosed) return;
    live.isWatched = true;
    const id = ++this.#idLast;
    this.#watches.set(id, live);
    this.#line.send({ op: "watch", id, name: live.name });
  }

  /** take brings in an envelope: first all that it says, and then those who listen hear of it. */
  #take(from: FromWorker) {
    if (this.#isClosed) return;
    if (from.worker !== this.#worker && !from.replies.some((r) => r.op === "ready" || r.op === "failed" || r.op === "signalled")) {
      return this.#line.send({ op: "attach" }); // what it says will be said again
    }
    const changed = new Set<Live>();
    const later: (() => void)[] = [];
    for (const reply of from.replies) this.#reply(reply, from.worker, changed, later);
    for (const live of changed) live.tell();
    for (const f of later) f();
    if (from.batch >= this.#taken + takenEvery) {
      this.#taken = from.batch;
      this.#line.send({ op: "taken", batch: from.batch });
    }
  }

  #reply(reply: Reply, worker: string, changed: Set<Live>, later: (() => void)[]) {
    switch (reply.op) {
      case "ready":
        return this.#readied(reply, worker);
      case "answer":
        return void later.push(() => this.#answer(reply));
      case "change": {
        const live = this.#watches.get(reply.watch);
        if (!live) return;
        live.take(reply);
        return void changed.add(live);
      }
      case "lost": {
        const live = this.#watches.get(reply.watch);
        if (!live || !this.#watches.delete(reply.watch)) return;
        live.isWatched = false;
        return this.#watch(live);
      }
      case "notice":
        return void later.push(() => this.#tell("notice", { key: JSON.parse(reply.key), value: JSON.parse(reply.value) }));
      case "status":
        this.#told(reply.status);
        return void later.push(() => [...this.#listeners].forEach((listener) => listener()));
      case "signalled":
        return this.signalled(reply);
      case "failed":
        return this.failed(reply.kind, reply.text, reply.final);
    }
  }

  #told(status: api.Status) {
    const { storage } = status;
    const gone = this.#isEvicted && storage.state === "good";
    this.status = gone ? { ...status, storage: { ...storage, state: "evicted", text: "the browser has taken away what was stored here; what others have comes back from them" } } : status;
  }

  #answer(a: Answer) {
    const live = this.#watches.get(a.id);
    if (live && a.state === "aborted") return live.refuse(a);
    const asked = this.#asked.get(a.id);
    if (!asked) return;
    asked.tries = 0; // whatever breaks later, it is not what broke the node
    asked.wake?.();
    if (a.last) this.#asked.delete(a.id);
    asked.take(a);
  }

  #again(asked: Asked) {
    if (asked.wake) return asked.wake();
    if (asked.tries === 0 || asked.tries < triesMax - 1) return this.#try(asked);
    asked.wake = () => {};
    void this.#line.alone(() => this.#probe(asked));
  }

  #try(asked: Asked) {
    if (asked.tries > 0) asked.tries++;
    this.#line.send(asked.request);
  }

  /** probe asks a node that this tab has heard of: else the one before may have been broken by another tab. */
  async #probe(asked: Asked) {
    const send = (request: Request) => {
      this.#line.send(request);
      return new Promise<void>((resolve) => (asked.wake = resolve));
    };
    await send({ op: "attach" });
    const worker = this.#worker;
    while (asked.tries > 0 && worker === this.#worker) await send(asked.request);
    asked.wake = null;
    if (asked.tries > 0) this.#drop(asked, "broken", `the node broke ${triesMax} times when it was asked this: it may have run`);
  }

  #drop(asked: Asked, why: string, detail: string) {
    if (!this.#asked.delete(asked.id)) return;
    asked.tries = 0;
    asked.wake?.();
    asked.take({ op: "answer", id: asked.id, state: "aborted", last: true, why, detail });
  }

  /** readied begins with a node, or goes on with another: what has no last answer is sent again. */
  #readied(ready: Ready, worker: string) {
    if (worker === this.#worker) { // it was asked whether it is open, and has forgotten nothing
      for (const asked of this.#asked.values()) asked.wake?.();
      return;
    }
    this.#worker = worker;
    this.#taken = 0;
    ({ user: this.user, role: this.role, replica: this.replica, cluster: this.cluster } = ready);
    this.opened = { isFirst: ready.isFirst, records: ready.records, ...ready.took };
    this.#declare(ready);
    const before = [...this.#watches.values()];
    this.#watches.clear();
    for (const live of before) {
      live.isWatched = false;
      this.#watch(live);
    }
    if (this.#isOpen) {
      for (const asked of [...this.#asked.values()]) this.#again(asked);
      if (this.#hearers.get("notice")?.size) this.#line.send({ op: "listen", on: true });
      this.#line.send({ op: "status" });
      return this.#tell("handover", { isLeader: this.isLeader });
    }
    this.#isOpen = true;
    this.#line.send({ op: "status" });
    const first = [...this.#lives.values()].filter((l) => this.#names?.includes(l.name) ?? true);
    for (const live of first) this.#watch(live);
    Promise.allSettled(first.map((l) => l.loaded)).then(this.#isReady);
  }

  /** declare makes a member of each name of the program that is new here. */
  #declare({ schema }: Ready) {
    const watch = (live: Live) => this.#watch(live);
    for (const [members, declared] of [[this.databases, schema.databases], [this.views, schema.views]] as const) {
      for (const d of declared) {
        if (members[d.name]) continue;
        const live = new Live(d, watch);
        this.#lives.set(d.name, live);
        members[d.name] = live;
      }
    }
    for (const e of schema.events) this.events[e.name] = (args?: object, options?: api.RaiseOptions) => this.#raise(e, args, options);
  }

  #tell<K extends keyof api.Heard>(what: K, heard: api.Heard[K]) {
    for (const listener of [...(this.#hearers.get(what) ?? [])]) listener(heard);
  }
}
