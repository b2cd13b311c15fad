// The thread that has the node of an application in Node.js, as the program
// speaks with it. It is that of a leader's tab which has no other tabs.

import { Worker } from "node:worker_threads";
import type { Line } from "./app.ts";
import { type FromWorker, protocolVersion, type Request, type Start, type ToWorker } from "./protocol.ts";

/** How long a thread that died waits before it is started again, in milliseconds: doubled each time, up to the last. */
const restartMin = 250;
const restartMax = 8_000;

/** How long close waits for the node to close its files, in milliseconds. */
const closeMax = 3_000;

/** What a thread is told and tells. */
export interface Threaded {
  start: Start;
  url: URL; // of node-worker.js
  take(from: FromWorker): void;
  failed(kind: string, text: string, final: boolean): void;
}

export class Thread implements Line {
  readonly isLeader = true;
  readonly #of: Threaded;
  readonly #name = crypto.randomUUID();
  #worker: Worker;
  #requests: Request[] = [];
  #transfer: Transferable[] = [];
  #restart = restartMin;
  #alone: Promise<void> = Promise.resolve();
  #stopped: (() => void) | null = null;
  #hasSpoken = false;
  #isClosed = false;

  constructor(of: Threaded) {
    this.#of = of;
    this.#worker = this.#begin();
  }

  send(request: Request, transfer: Transferable[] = []) {
    if (this.#isClosed) return;
    if (this.#requests.length === 0) queueMicrotask(() => this.#flush());
    this.#requests.push(request);
    this.#transfer.push(...transfer);
  }

  alone(f: () => Promise<void>): Promise<void> {
    return (this.#alone = this.#alone.then(f, f));
  }

  async close(forget: boolean): Promise<void> {
    this.#flush();
    const stopped = new Promise<void>((resolve) => (this.#stopped = resolve));
    this.#post([{ op: "stop", forget }]);
    let late: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([stopped, new Promise((resolve) => (late = setTimeout(resolve, closeMax)))]);
    clearTimeout(late);
    this.#isClosed = true;
    await this.#worker.terminate();
  }

  #begin(): Worker {
    const worker = new Worker(this.#of.url);
    worker.on("message", (from: FromWorker) => {
      this.#restart = restartMin;
      this.#hasSpoken = true;
      if (this.#isClosed || (from.tab !== "" && from.tab !== this.#name)) return;
      if (from.replies.some((r) => r.op === "stopped")) this.#stopped?.();
      this.#of.take(from);
    });
    let why = "it ended";
    worker.on("error", (cause) => (why = cause.message));
    worker.on("exit", () => this.#again(worker, why));
    this.#worker = worker;
    this.#post([this.#of.start]);
    return worker;
  }

  /** again starts another thread for one that died. */
  #again(died: Worker, why: string) {
    if (this.#worker !== died || this.#isClosed) return;
    if (this.#stopped) return this.#stopped();
    if (!this.#hasSpoken) return this.#of.failed("load", `the node's thread can't be started: ${why}: node-worker.js and page.wasm belong beside node.js; where a bundler has moved that, say worker and wasm to open`, true);
    this.#of.failed("broken", `the node's thread stopped and is started again: ${why}`, false);
    setTimeout(() => this.#worker === died && !this.#isClosed && this.#begin(), this.#restart);
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
    this.#worker.postMessage({ v: protocolVersion, tab: this.#name, requests } satisfies ToWorker, transfer);
  }
}
