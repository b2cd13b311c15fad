// The tabs of an application in one browser. One of them, the leader, has the
// worker with the node; the others speak with it over a BroadcastChannel. Who
// leads is settled by a Web Lock, which a tab that goes, or dies, lets go of.

import type { Line } from "./app.ts";
import { channelName, leaderLock, protocolVersion, tabLock, type FromWorker, type Request, type Start, type ToWorker } from "./protocol.ts";

/** How long a leader waits before it starts a worker again that died, in milliseconds: doubled each time, up to the last. */
const restartMin = 250;
const restartMax = 8_000;

/** How long a leader that closes waits for the node to close its files, in milliseconds. */
const closeMax = 3_000;

/** What a tab needs to lead. */
export interface Leading {
  start: Start;
  worker(): Worker; // starts it
  failed(kind: string, text: string, final: boolean): void;
}

/** tabs joins those of the application app. */
export function tabs(lead: Leading, take: (from: FromWorker) => void): Line {
  return new Tab(lead, take);
}

class Tab implements Line {
  readonly #lead: Leading;
  readonly #take: (from: FromWorker) => void;
  readonly #name: string = crypto.randomUUID();
  readonly #channel: BroadcastChannel;
  readonly #leave: Promise<void>; // the locks are held until it is resolved
  #left!: () => void;
  #worker: Worker | null = null;
  #stopped: (() => void) | null = null;
  #restart = restartMin;
  #requests: Request[] = [];
  #transfer: Transferable[] = [];
  #isClosed = false;
  readonly #abort = new AbortController();

  constructor(lead: Leading, take: (from: FromWorker) => void) {
    this.#lead = lead;
    this.#take = take;
    this.#leave = new Promise((resolve) => (this.#left = resolve));
    this.#channel = new BroadcastChannel(channelName(lead.start.app));
    this.#channel.onmessage = ({ data }) => {
      if (this.#worker === null) this.#hear(data);
    };
    addEventListener("pagehide", this.#hide);
    const own = navigator.locks.request(tabLock(lead.start.app, this.#name), () => {
      void this.#apply();
      return this.#leave;
    });
    own.catch(() => {});
  }

  get isLeader() {
    return this.#worker !== null;
  }

  send(request: Request, transfer: Transferable[] = []) {
    if (this.#isClosed) return;
    if (this.#requests.length === 0) queueMicrotask(() => this.#flush());
    this.#requests.push(request);
    this.#transfer.push(...transfer);
  }

  async alone(f: () => Promise<void>): Promise<void> {
    await navigator.locks.request(`${leaderLock(this.#lead.start.app)}:alone`, f);
  }

  async close(forget: boolean): Promise<void> {
    this.#flush();
    const worker = this.#worker;
    if (worker) {
      const stopped = new Promise<void>((resolve) => (this.#stopped = resolve));
      this.#post([{ op: "stop", forget }]);
      await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, closeMax))]);
    } else {
      this.#post([{ op: "leave" }]);
    }
    this.#isClosed = true;
    removeEventListener("pagehide", this.#hide);
    worker?.terminate();
    this.#abort.abort();
    this.#channel.close();
    this.#left();
  }

  /** hide says that the tab goes, unless it may come back as it was. */
  readonly #hide = (e: PageTransitionEvent) => {
    if (!e.persisted && this.#worker === null) this.#post([{ op: "leave" }]);
  };

  /** apply asks who leads, and waits to lead. */
  async #apply() {
    this.#post([{ op: "attach" }]);
    const lead = () => {
      this.#begin();
      return this.#leave;
    };
    await navigator.locks.request(leaderLock(this.#lead.start.app), { signal: this.#abort.signal }, lead).catch(() => {});
  }

  /** begin starts the worker. */
  #begin() {
    if (this.#isClosed) return;
    const worker = this.#lead.worker();
    this.#worker = worker;
    worker.onmessage = ({ data }) => {
      this.#restart = restartMin;
      this.#hear(data);
    };
    worker.onerror = (e) => {
      e.preventDefault();
      this.#again(worker, e.message || "the worker could not be loaded: serve worker.js and page.wasm beside the page's script");
    };
    this.#post([this.#lead.start]);
  }

  /** again starts another worker for one that died. */
  #again(died: Worker, why: string) {
    if (this.#worker !== died || this.#isClosed) return;
    died.terminate();
    this.#lead.failed("broken", why, false);
    setTimeout(() => this.#begin(), this.#restart);
    this.#restart = Math.min(this.#restart * 2, restartMax);
  }

  #flush() {
    const requests = this.#requests, transfer = this.#transfer;
    this.#requests = [];
    this.#transfer = [];
    if (requests.length > 0) this.#post(requests, transfer);
  }

  #post(requests: Request[], transfer: Transferable[] = []) {
    if (this.#isClosed) return;
    const envelope: ToWorker = { v: protocolVersion, tab: this.#name, requests };
    if (this.#worker) this.#worker.postMessage(envelope, transfer);
    else this.#channel.postMessage(envelope);
  }

  #hear(from: FromWorker) {
    if (this.#isClosed || from?.worker === undefined || (from.tab !== "" && from.tab !== this.#name)) return;
    if (from.v !== protocolVersion) return this.#lead.failed("request", "another tab has another version of this page: reload both", true);
    if (from.replies.some((r) => r.op === "stopped")) this.#stopped?.();
    this.#take(from);
  }
}
