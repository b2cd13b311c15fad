// The worker of an application: it runs the node in WebAssembly, does what the
// node's letters say (docs/wire/mailbox.md), and speaks with the tabs
// (protocol.ts).

import { bytesAt, isStale } from "./admit.ts";
import { engine } from "./engine.ts";
import { type Action, type Files, FilesError } from "./files.ts";
import { type Exports, start as run } from "./gojs.ts";
import { forget, Keeper, verify } from "./keys.ts";
import { type Bytes, delivery, Letter, letters, type Out, unbase64, unhex } from "./mailbox.ts";
import { readProgram } from "./opfs.ts";
import { type Answer, batchesMax, type FailedKind, type Ready, type Request, type Signalled, type Start, type Status } from "./protocol.ts";
import type { Guest } from "./guest.ts";
import type { Peers, Wishes } from "./peers.ts";
import { type Link, WebSockets } from "./socket.ts";
import { openFiles, persist, removeFiles, usage } from "./storage.ts";
import { Tabs } from "./speak.ts";

/** programHash begins the SHA-256 of page.wasm, which the packer puts here. */
declare const programHash: string;

/** What came of a command, by the numbers of host/browser. */
const states: Answer["state"][] = ["taken", "durable", "synced", "committed", "pending", "aborted", "done"];
const failures: FailedKind[] = ["broken", "program", "storage"];

/** Why the node failed, by the numbers of host/browser. */
const behind = 3;

const statusEvery = 250; // milliseconds between two statuses at least
const usageEvery = 10_000;
const retryEvery = 1_000; // of a write that found no space
const sleptAfter = 3_000; // a timer that is so late says that the machine slept
const restartMax = 8_000; // between two starts of a node that breaks, doubled each time
const letterMax = 4096; // letters of one delivery: what comes meanwhile is not kept waiting
const notesMax = 16;

/** A command is whom an answer goes to. */
type Command = { tab: string; id: number; take?: (a: Answer) => void };

/** The node of an application, with all that it needs of a browser. */
class Node {
  readonly #start: Start;
  readonly #tabs: Tabs;
  #keeper!: Keeper;
  #files!: Files;
  #module!: Promise<WebAssembly.Module>;
  #exports: Exports | null = null;
  #generation = 0; // of the node: what was asked for an earlier one is not answered

  #inbox: Letter[] = [];
  #isDue = false; // a delivery is on its way
  #queue: Out[] = []; // letters that were not acted on
  #stuck: Out[] = []; // those behind a write that found no space
  #isWriting = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #skew = 0;
  #last = 0;
  readonly #tick = new MessageChannel();

  readonly #commands = new Map<number, Command>();
  readonly #watches = new Map<number, Command>();
  #ticket = 0;
  readonly #links = new Map<number, Link>();
  #lastLink = 0; // that came by itself: those have even numbers
  #peers: Peers | null = null;
  #guest: Guest | null = null; // until the node has its link

  #ready: Ready | null = null;
  #took = { wasm: 0, read: 0, open: 0 };
  #opening = 0;
  #restart = 0;
  #newReplica = false;
  #status = "";
  #statusDue = false;
  #notes: string[] = [];
  #storage: Status["storage"] = { kind: "memory", state: "volatile", persisted: false, used: 0, quota: 0, text: "" };
  #usageAt = 0;
  #stopping: ((stopped: true) => void) | null = null;

  constructor(start: Start, tabs: Tabs) {
    this.#start = start;
    this.#tabs = tabs;
    this.#tick.port1.onmessage = () => this.#turn();
    addEventListener("online", () => this.#post(new Letter(14)));
    setInterval(() => this.#look(), 1_000);
  }

  // ------------------------------------------------------------- beginning

  /** begin brings together what a node needs, and opens it. */
  async begin() {
    const start = this.#start;
    const begun = performance.now();
    this.#module = this.#load();
    this.#module.catch(() => {});
    try {
      this.#keeper = await Keeper.open(start.app, start.storage === "memory");
    } catch (cause) {
      return this.#fail(cause instanceof FilesError ? "storage" : "browser", (cause as Error).message, true);
    }
    try {
      this.#files = await openFiles(start.app, start.storage as "opfs" | "idb" | "memory" | undefined);
    } catch (cause) {
      return this.#fail(cause instanceof FilesError && cause.why === "in_use" ? "in_use" : "storage", (cause as Error).message, true);
    }
    this.#storage.kind = this.#files.kind;
    this.#storage.state = this.#files.kind === "memory" ? "volatile" : "good";
    if (!(await this.#provide())) return;
    try {
      await this.#module;
    } catch (cause) {
      return this.#fail("load", (cause as Error).message, true);
    }
    this.#took.wasm = performance.now() - begun;
    await this.#open();
  }

  /** load compiles the program: a copy that is in a file, or what a server or its service worker gives. */
  async #load() {
    const hash = this.#start.storage === "memory" ? "" : programHash;
    try {
      return await WebAssembly.compile((await readProgram(hash)) as BufferSource); // none has an empty name
    } catch {
      return (await import("./program.js")).load(this.#start.wasm, hash);
    }
  }

  /** provide sees to a pass, the program and its modules: what is kept is taken at once, and made new beside. */
  async #provide(): Promise<boolean> {
    const id = this.#keeper.identity;
    if (this.#start.invite && !id.admitted) await this.#join(this.#start.invite).catch((cause) => this.#fail("admit", cause.message, false));
    for (let wait = 500; ; wait = Math.min(wait * 2, restartMax)) {
      const renewals = Promise.allSettled([this.#admit(), this.#program()]);
      if (id.admitted && id.plan && !(this.#start.login?.user !== undefined && this.#start.login.user !== id.admitted.user)) {
        void renewals.then((results) => {
          if (results.some((r) => r.status === "fulfilled" && r.value)) void this.#reopen();
        });
        return true;
      }
      const [admitted, program] = await renewals;
      if (admitted.status === "fulfilled" && program.status === "fulfilled") return true;
      if (admitted.status === "rejected") this.#fail("admit", `no server admits this device: ${admitted.reason.message}`, false);
      else if (program.status === "rejected") this.#fail("load", `the program can't be had: ${program.reason.message}`, false);
      await new Promise((again) => setTimeout(again, wait * (0.5 + Math.random())));
    }
  }

  /** join is let in by another page. */
  async #join(invite: string) {
    const { Guest } = await import("./guest.js");
    await (this.#guest = new Guest(this.#keeper.identity, this.#show)).join(invite);
    await this.#keeper.keep();
  }

  /** admit renews the pass where that is due, and reports whether it is another one. */
  async #admit(): Promise<boolean> {
    const id = this.#keeper.identity;
    if (!isStale(id, this.#start)) return false;
    id.admitted = await (await import("./guest.js")).admit(id, this.#start);
    await this.#keeper.keep();
    return true;
  }

  /** program fetches the plan and its modules, and reports whether they are others than were kept. */
  async #program(): Promise<boolean> {
    const id = this.#keeper.identity;
    const names = Object.keys(this.#start.modules ?? {});
    const [plan, ...modules] = await Promise.all([this.#start.plan, ...names.map((n) => this.#start.modules![n]!)].map(bytesAt));
    const kept = [id.plan, ...names.map((n) => id.modules?.[n])];
    if ([plan, ...modules].every((b, i) => isEqual(b!, kept[i]))) return false;
    id.plan = plan!;
    id.modules = Object.fromEntries(names.map((n, i) => [n, modules[i]!]));
    await this.#keeper.keep();
    return true;
  }

  /** open starts the program in a memory of its own, and opens the node from the files. */
  async #open() {
    const generation = ++this.#generation;
    this.#exports = null;
    this.#queue = [];
    this.#stuck = [];
    this.#unlink();
    this.#tabs.rename();
    this.#ready = null;
    const id = this.#keeper.identity;
    const read = performance.now();
    let stored: Uint8Array[];
    try {
      stored = await this.#files.read();
      id.epoch = Math.max(Date.now(), id.epoch + 1);
      await this.#keeper.keep();
    } catch (cause) {
      return this.#fail("storage", (cause as Error).message, true);
    }
    this.#took.read = performance.now() - read;
    this.#opening = performance.now();
    let exports: Exports;
    try {
      exports = await run(await this.#module, { print: (line) => console.error(line), exited: () => this.#broke(generation, "it ended") }, { martinelli: engine(() => exports.mem, id.modules ?? {}) });
    } catch (cause) {
      return this.#fail("load", (cause as Error).message, true);
    }
    if (generation !== this.#generation) return;
    this.#exports = exports;
    this.#inbox = []; // what was asked for meanwhile is asked for again by who hears that this node is open
    this.#commands.clear();
    this.#watches.clear();
    stored.forEach((bytes, file) => {
      if (bytes.length > 0) this.#inbox.push(new Letter(1).octet(file).bytes(bytes));
    });
    this.#inbox.push(this.#openLetter(id));
    this.#turn();
  }

  #openLetter(id: Keeper["identity"]): Letter {
    const a = id.admitted!;
    const l = new Letter(2).bytes(id.plan!).fixed(id.public).number(id.incarnation).number(id.former.length);
    for (const former of id.former) l.fixed(unhex(former));
    l.number(id.epoch).fixed(crypto.getRandomValues(new Uint8Array(32))).flag(id.isWritten).flag(this.#newReplica);
    l.text(this.#start.name ?? "").text(a.role).text(a.user).text(a.cluster).fixed(unhex(a.steward)).fixed(unbase64(a.root)).bytes(unbase64(a.pass)).text(this.#start.addr ?? "page:");
    const servers = this.#start.servers.map((s) => s.replace(/^http/, "ws"));
    l.number(servers.length);
    for (const s of servers) l.text(s);
    return l;
  }

  /** reopen opens the node again, from what is in the files. */
  async #reopen() {
    if (this.#stopping || this.#isWriting) return void setTimeout(() => this.#reopen(), 50);
    await this.#open();
  }

  /** broke opens the node again after a bug, later each time. */
  #broke(generation: number, why: string) {
    if (generation !== this.#generation || this.#stopping) return;
    this.#generation++;
    this.#exports = null;
    this.#fail("broken", `the node stopped and is opened again: ${why}`, false);
    const wait = this.#restart;
    this.#restart = Math.min(Math.max(250, wait * 2), restartMax);
    setTimeout(() => this.#reopen(), wait);
  }

  #fail(kind: FailedKind, text: string, final: boolean) {
    if (kind === "storage" && final) {
      this.#storage.state = "failed";
      this.#storage.text = text;
    }
    this.#tabs.all([{ op: "failed", kind, text, final }]);
  }

  // --------------------------------------------------------------- letters

  #post(letter: Letter) {
    this.#inbox.push(letter);
    if (this.#isDue) return;
    this.#isDue = true;
    this.#tick.port2.postMessage(0);
  }

  /** turn delivers what has gathered, unless a write is under way: what comes meanwhile shares the next one. */
  #turn() {
    this.#isDue = false;
    const exports = this.#exports;
    if (!exports || this.#isWriting) return;
    const all = this.#inbox.splice(0, letterMax);
    if (this.#inbox.length > 0) {
      this.#isDue = true;
      this.#tick.port2.postMessage(0);
    }
    try {
      const bytes = delivery(this.#now(), all);
      const into = call(exports, "mailbox", bytes.length);
      new Uint8Array(exports.mem.buffer, into, bytes.length).set(bytes);
      const size = call(exports, "deliver", bytes.length);
      const from = call(exports, "outbox");
      this.#queue.push(...letters(new Uint8Array(exports.mem.buffer.slice(from, from + size))));
    } catch (cause) {
      return this.#broke(this.#generation, (cause as Error).message);
    }
    this.#act();
  }

  /** act does what the letters say, in their order. */
  #act() {
    const queue = this.#queue;
    for (let i = 0; i < queue.length; i++) {
      const l = queue[i]!;
      if (l.kind === 3) {
        const rest = queue.slice(i + 1);
        const wrote = this.#write(l.actions);
        if (wrote === true) continue;
        this.#queue = [];
        this.#tabs.flush();
        void this.#await(wrote, l, rest);
        return;
      }
      this.#do(l);
    }
    this.#queue = [];
    this.#tabs.flush();
    this.#askStatus();
  }

  /** write reports true, or what is to be waited for. */
  #write(actions: Action[]): true | Promise<void> {
    try {
      const wrote = this.#files.run(actions);
      if (wrote) return wrote;
    } catch (cause) {
      return Promise.reject(cause);
    }
    this.#written();
    return true;
  }

  async #await(wrote: Promise<void>, write: Out & { kind: 3 }, rest: Out[]) {
    const generation = this.#generation;
    this.#isWriting = true;
    let failed: FilesError | null = null;
    await wrote.catch((cause) => (failed = cause));
    this.#isWriting = false;
    if (generation !== this.#generation) return;
    const why = failed as FilesError | null;
    if (why === null) {
      this.#written();
      this.#queue.push(...rest);
      this.#act();
      this.#turn();
    } else if (why.why === "full") {
      this.#filled(why, write, rest);
    } else {
      this.#storage.state = "failed";
      this.#storage.text = why.message;
      this.#broke(generation, why.message);
    }
  }

  #written() {
    const id = this.#keeper.identity;
    if (id.isWritten) return;
    id.isWritten = true;
    void this.#keeper.keep();
  }

  /** filled waits for space: meanwhile the node is asked for what may leave without. */
  #filled(why: FilesError, write: Out & { kind: 3 }, rest: Out[]) {
    this.#stuck = [write, ...rest];
    this.#storage.state = "full";
    this.#storage.text = why.message;
    this.#post(new Letter(13).flag(true));
    const generation = this.#generation;
    const again = async () => {
      if (generation !== this.#generation) return;
      try {
        await this.#files.run(write.actions);
      } catch {
        return void setTimeout(again, retryEvery);
      }
      this.#storage.state = "good";
      this.#storage.text = "";
      this.#queue.push(...this.#stuck.slice(1));
      this.#stuck = [];
      this.#act();
      this.#post(new Letter(13).flag(false));
    };
    setTimeout(again, retryEvery);
  }

  #do(l: Exclude<Out, { kind: 3 }>) {
    switch (l.kind) {
      case 1:
        return this.#opened(l);
      case 2:
        return this.#failed(l.why, l.text);
      case 4:
        return this.#links.get(l.link)?.send(l.channel, l.bytes);
      case 5:
        return this.#dial(l.link, l.addr);
      case 6:
        this.#links.get(l.link)?.close();
        this.#peers?.hangUp(l.link);
        return void this.#links.delete(l.link);
      case 7:
        return void this.#sign(l.no, l.statement);
      case 8:
        return void this.#verify(l.no, l.key, l.signature, l.statement);
      case 9:
        return this.#answer(l);
      case 10: {
        const watch = this.#watches.get(l.ticket);
        if (!watch) return;
        const change = l.full ? { value: l.value } : { added: l.added, removed: l.removed };
        const name = this.#names.get(l.ticket) ?? "";
        return this.#tabs.say(watch.tab, { op: "change", watch: watch.id, name, full: l.full, settled: l.settled, ...change, ...(l.asOf > 0 && { asOf: l.asOf / 1000 }) });
      }
      case 11:
        for (const tab of this.#tabs.listeners) this.#tabs.say(tab, { op: "notice", key: l.key, value: l.value });
        return;
      case 12:
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#turn(), Math.max(0, (l.at - this.#now()) / 1000));
        return;
      case 13:
        this.#notes = [...this.#notes, l.text].slice(-notesMax);
        return;
      case 14:
        return this.#tell(l.json);
      case 15:
        return void this.#renew();
      case 16:
        return this.#stopping?.(true);
      case 17:
        return this.#peers?.signalled(l.from, l.signal, l.attempt, l.text);
    }
  }

  readonly #names = new Map<number, string>(); // of what is watched

  #opened(l: Out & { kind: 1 }) {
    const a = this.#keeper.identity.admitted!;
    this.#took.open = performance.now() - this.#opening;
    this.#restart = 0;
    this.#newReplica = false;
    this.#ready = { op: "ready", replica: l.replica, user: a.user, role: a.role, cluster: a.cluster, schema: JSON.parse(l.schema), isFirst: l.isFirst, records: l.size, took: { ...this.#took } };
    this.#tabs.all([this.#ready]);
    void this.#meet(l.replica, a.cluster);
    this.#askStatus();
  }

  #failed(why: number, text: string) {
    if (why === behind) {
      this.#storage.state = "evicted";
      this.#storage.text = "what was stored here is gone: what others have comes back from them";
      this.#newReplica = true;
      return void this.#renew();
    }
    if (why === 0 || why === 4) return this.#broke(this.#generation, text);
    this.#exports = null;
    this.#fail(failures[why] ?? "broken", text, true);
  }

  /** renew goes on under the next replica id of this key. */
  async #renew() {
    const id = this.#keeper.identity;
    if (this.#ready) id.former.push(this.#ready.replica);
    id.incarnation++;
    this.#generation++;
    this.#exports = null;
    await this.#keeper.keep();
    await this.#reopen();
  }

  #answer(l: Out & { kind: 9 }) {
    const to = this.#commands.get(l.ticket) ?? this.#watches.get(l.ticket);
    if (!to) return;
    if (l.last) this.#commands.delete(l.ticket);
    const answer: Answer = { op: "answer", id: to.id, state: states[l.state] ?? "aborted", last: l.last };
    if (l.why) answer.why = l.why;
    if (l.detail) answer.detail = l.detail;
    if (l.item) answer.item = l.item;
    if (l.value) answer.value = l.value;
    if (l.copied) answer.asOf = l.asOf / 1000;
    if (l.duplicate) answer.duplicate = true;
    if (to.take) to.take(answer);
    else this.#tabs.say(to.tab, answer);
  }

  async #sign(no: number, statement: Bytes) {
    const generation = this.#generation;
    const signature = await this.#keeper.sign(statement).catch(() => null);
    if (generation === this.#generation) this.#post(new Letter(11).number(no).flag(signature !== null).fixed(signature ?? new Uint8Array(64)));
  }

  async #verify(no: number, key: Bytes, signature: Bytes, statement: Bytes) {
    const generation = this.#generation;
    const isGood = await verify(key, signature, statement);
    if (generation === this.#generation) this.#post(new Letter(12).number(no).flag(isGood));
  }

  // ----------------------------------------------------------------- links

  #heard(no: number, via: number, addr: string, binding: Bytes) {
    const generation = this.#generation;
    const isOld = () => generation !== this.#generation;
    return {
      connected: () => isOld() || this.#post(new Letter(8).number(no).octet(via).text(addr).bytes(binding)),
      chunk: (channel: number, bytes: Bytes) => isOld() || this.#post(new Letter(9).number(no).octet(channel).bytes(bytes)),
      closed: (why: string) => {
        if (isOld()) return;
        this.#links.delete(no);
        this.#post(new Letter(10).number(no).text(why));
      },
    };
  }

  #dial(no: number, addr: string) {
    const page = /^page:([0-9a-f]{32})$/.exec(addr)?.[1];
    if (page && this.#peers) this.#peers.dial(no, page);
    else if (page) this.#post(new Letter(10).number(no).text("links between pages are not loaded yet"));
    else this.#links.set(no, new WebSockets(addr, this.#heard(no, 0, addr, new Uint8Array())));
  }

  /** meet links this node to those of other pages. What that takes is loaded when the node is open, which does not wait for it. */
  async #meet(replica: string, cluster: string) {
    const generation = this.#generation;
    const { Peers } = await import("./peers.js");
    if (generation !== this.#generation) return;
    const id = this.#keeper.identity;
    const wishes: Wishes = {
      parcel: () => ({ admitted: id.admitted!, plan: id.plan!, modules: id.modules ?? {} }),
      delegate: (user, key) =>
        new Promise((done, failed) => {
          this.#commands.set(++this.#ticket, { tab: "", id: 0, take: (a) => (a.state === "done" ? done(unhex(JSON.parse(a.value ?? '""'))) : failed(new Error(a.detail))) });
          this.#post(new Letter(17).number(this.#ticket).fixed(key ?? new Uint8Array(32)).text(user).flag(!key));
        }),
      signal: (to, kind, attempt, text) => this.#post(new Letter(16).fixed(unhex(to)).octet(kind).number(attempt).text(text)),
      tab: this.#show,
      up: (dial, via, addr, binding, link) => {
        if (generation !== this.#generation) return link.close();
        const no = dial || (this.#lastLink += 2);
        this.#links.set(no, link);
        link.hear(this.#heard(no, via, addr, unhex(binding)));
      },
      down: (no, why) => generation === this.#generation && this.#post(new Letter(10).number(no).text(why)),
    };
    this.#peers = new Peers(replica, cluster, wishes);
    this.#guest?.up(wishes.up);
    this.#guest = null;
  }

  readonly #show = (s: Signalled) => {
    for (const tab of this.#tabs.near) this.#tabs.say(tab, s);
    this.#tabs.flush();
  };

  #unlink() {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
    this.#peers?.close();
    this.#peers = null;
  }

  // ------------------------------------------------------------------ tabs

  /** take does what a tab asks for. */
  take(tab: string, requests: Request[]) {
    for (const r of requests) this.#take(tab, r);
  }

  #take(tab: string, r: Request) {
    switch (r.op) {
      case "start":
      case "attach":
        if (this.#ready) this.#tabs.say(tab, this.#ready);
        this.#status = ""; // it is told again
        return void this.#tabs.flush();
      case "raise":
        return this.#post(new Letter(3).number(this.#command(tab, r.id)).text(r.event).text(r.args).text(r.stream ?? "").number(r.seq ?? 0).flag(r.outbox ?? false));
      case "read":
        return this.#post(new Letter(4).number(this.#command(tab, r.id)).text(r.name).text(r.key ?? ""));
      case "watch":
        this.#watches.set(++this.#ticket, { tab, id: r.id });
        this.#names.set(this.#ticket, r.name);
        return this.#post(new Letter(5).number(this.#ticket).text(r.name));
      case "listen":
        return void (r.on ? this.#tabs.listeners.add(tab) : this.#tabs.listeners.delete(tab));
      case "status":
        this.#status = "";
        return this.#askStatus();
      case "taken":
        return this.#tabs.taken(tab, r.batch);
      case "signal":
      case "streams":
      case "linked":
        return (this.#guest ?? this.#peers)?.take(r);
      case "persist":
        return void persist().then((persisted) => {
          this.#storage.persisted = persisted;
          this.#askStatus();
        });
      case "leave":
        return this.left(tab);
      case "stop":
        return void this.#stop(tab, r.forget ?? false);
      case "invite":
        return void this.#settle(tab, r.id, this.#peers?.invite(r.seconds, r.to));
      case "accept":
        return void this.#settle(tab, r.id, this.#peers?.accept(r.text));
    }
  }

  /** settle answers what is no raise. */
  async #settle(tab: string, id: number, promise: Promise<string | null> | undefined) {
    try {
      if (!promise) throw new Error("the node is not open yet: wait for app.ready");
      this.#tabs.say(tab, { op: "answer", id, state: "done", last: true, value: JSON.stringify(await promise) });
    } catch (cause) {
      this.#tabs.say(tab, { op: "answer", id, state: "aborted", last: true, why: "invite", detail: (cause as Error).message });
    }
    this.#tabs.flush();
  }

  #command(tab: string, id: number): number {
    this.#commands.set(++this.#ticket, { tab, id });
    return this.#ticket;
  }

  #unwatch(tab: string) {
    for (const [ticket, w] of this.#watches) {
      if (w.tab !== tab) continue;
      this.#watches.delete(ticket);
      this.#names.delete(ticket);
      this.#post(new Letter(6).number(ticket));
    }
  }

  /** left forgets a tab that is no more. */
  left(tab: string) {
    this.#unwatch(tab);
    for (const [ticket, c] of this.#commands) if (c.tab === tab) this.#commands.delete(ticket);
    this.#tabs.left(tab);
  }

  /** lag ends the watches of a tab that does not take what it is told. */
  lag(tab: string) {
    for (const w of this.#watches.values()) {
      if (w.tab === tab) this.#tabs.say(tab, { op: "lost", watch: w.id, text: `the tab is ${batchesMax} batches behind` });
    }
    this.#unwatch(tab);
  }

  async #stop(tab: string, isForgotten: boolean) {
    const ended = new Promise<true>((resolve) => (this.#stopping = resolve));
    if (this.#ready && this.#exports) {
      this.#post(new Letter(15));
      await Promise.race([ended, new Promise((late) => setTimeout(late, 2_000))]);
    } else this.#stopping = () => {};
    this.#unlink();
    this.#guest?.close();
    await this.#files?.close();
    this.#keeper?.close();
    if (isForgotten) await Promise.allSettled([removeFiles(this.#start.app), forget(this.#start.app)]);
    this.#tabs.say(tab, { op: "stopped" });
    this.#tabs.flush();
  }

  // ---------------------------------------------------------------- status

  #askStatus() {
    if (this.#statusDue || !this.#ready) return;
    this.#statusDue = true;
    setTimeout(async () => {
      if (performance.now() > this.#usageAt) {
        this.#usageAt = performance.now() + usageEvery;
        Object.assign(this.#storage, await usage().catch(() => ({})));
      }
      this.#statusDue = false;
      if (this.#exports) this.#post(new Letter(7));
    }, statusEvery);
  }

  #tell(json: string) {
    const s = JSON.parse(json);
    for (const p of s.peers) p.rtt = p.rtt / 1000;
    const { live, files, ...rest } = s;
    const storage = { ...this.#storage, used: this.#storage.used || files };
    const status: Status = { ...rest, storage, notes: this.#notes };
    const text = JSON.stringify(status);
    if (text === this.#status) return;
    this.#status = text;
    this.#tabs.all([{ op: "status", status }]);
  }

  // ------------------------------------------------------------------ time

  /** now is microseconds since 1970: the wall clock at the start and what passed since, with what the machine slept. */
  #now(): number {
    this.#last = Math.max(this.#last, Math.floor((performance.timeOrigin + performance.now() + this.#skew) * 1000));
    return this.#last;
  }

  #lookedAt = performance.now();
  #renewAt = 3_600_000; // when the pass is looked at again; the start has done it

  /** look notices that the machine slept: its timers are late, or its clock has moved on alone. */
  #look() {
    const now = performance.now();
    const late = now - this.#lookedAt - 1_000;
    this.#lookedAt = now;
    const behind = Date.now() - (performance.timeOrigin + now + this.#skew);
    if (behind > sleptAfter) this.#skew += behind;
    if (now > this.#renewAt) {
      this.#renewAt = now + 3_600_000;
      void this.#admit().then((isNew) => isNew && this.#reopen(), () => {});
    }
    if (late > sleptAfter || behind > sleptAfter) this.#post(new Letter(14));
  }
}

function call(exports: Exports, name: string, ...args: number[]): number {
  return (exports[name] as (...args: number[]) => number)(...args) >>> 0;
}

function isEqual(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((v, i) => v === b[i]);
}

// ----------------------------------------------------------------- the door

let node: Node | null = null;
const tabs = new Tabs(
  (tab, requests) => {
    const start = requests.find((r) => r.op === "start");
    if (start && !node) {
      tabs.join(start.app);
      node = new Node(start, tabs);
      void node.begin();
    }
    node?.take(tab, requests);
  },
  (tab) => node?.left(tab),
  (tab) => node?.lag(tab),
);
