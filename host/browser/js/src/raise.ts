// An event on its way from a tab: what its promises wait for, and the streams
// that let it be sent again without running twice.

import type * as api from "../types/client.d.ts";
import { Aborted } from "./errors.ts";
import type { Answer, Raise } from "./protocol.ts";

/** A Promised is a promise with its ends outside; nobody need wait for it. */
class Promised<T> {
  resolve!: (value: T) => void;
  reject!: (why: Error) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
  constructor() {
    this.promise.catch(() => {});
  }
}

export class Raising {
  readonly #durable = new Promised<void>();
  readonly #acked = new Promised<void>();
  readonly #outcome = new Promised<api.Outcome>();
  readonly #final = new Promised<api.Outcome>();
  readonly raised: api.Raised;

  /** release gives back what the raise held when it has its last answer. */
  constructor(readonly request: Raise, readonly runsHere: boolean, readonly release: () => void) {
    this.raised = {
      id: `${request.stream}:${request.seq}`,
      durable: this.#durable.promise,
      acked: this.#acked.promise,
      outcome: this.#outcome.promise,
      final: this.#final.promise,
    };
  }

  /** take brings one answer to those who wait for it. */
  take(a: Answer) {
    switch (a.state) {
      case "durable":
        this.#durable.resolve();
        if (this.runsHere) this.#end({ state: "committed" });
        break;
      case "synced":
        this.#durable.resolve();
        this.#acked.resolve();
        break;
      case "committed":
        this.#durable.resolve();
        this.#acked.resolve(); // its home is another node, or this one is and there is none to wait for
        this.#end({ state: "committed" });
        break;
      case "pending":
        this.#durable.resolve();
        this.#outcome.resolve({ state: "pending", item: a.item ?? "" });
        break;
      case "aborted":
        this.fail(a.why ?? "", a.detail ?? "");
    }
    if (a.last) this.release();
  }

  fail(why: string, detail: string) {
    const aborted = new Aborted(why, detail);
    this.#durable.reject(aborted);
    this.#acked.reject(aborted);
    this.#end({ state: "aborted", why, detail });
  }

  #end(outcome: api.Outcome) {
    this.#outcome.resolve(outcome);
    this.#final.resolve(outcome);
  }
}

/** blockSize is how many numbers of its stream a tab takes at once from what survives a reload. */
const blockSize = 1024;

/**
 * Streams number the raises of a tab. What runs here goes in one stream. What
 * runs at the home holds its stream up until it has its outcome, so each of
 * these takes a lane that no other is in: there are as many as were ever under
 * way at once, since a node never forgets a stream.
 */
export class Streams {
  readonly #lanes: Lane[] = [];
  readonly #own: Lane;

  constructor(readonly name: string, readonly keep: Pick<Storage, "getItem" | "setItem"> | null) {
    this.#own = new Lane(name, keep);
  }

  own(): { stream: string; seq: number; release: () => void } {
    return { stream: this.#own.name, seq: this.#own.next(), release: () => {} };
  }

  lane(): { stream: string; seq: number; release: () => void } {
    let lane = this.#lanes.find((l) => l.isFree);
    if (!lane) this.#lanes.push((lane = new Lane(`${this.name}.${this.#lanes.length}`, this.keep)));
    lane.isFree = false;
    return { stream: lane.name, seq: lane.next(), release: () => void (lane.isFree = true) };
  }
}

class Lane {
  isFree = true;
  #next: number;
  #end: number;

  constructor(readonly name: string, readonly keep: Pick<Storage, "getItem" | "setItem"> | null) {
    this.#next = this.#end = Number(keep?.getItem(name) ?? 1);
  }

  next(): number {
    if (this.#next === this.#end) {
      this.keep?.setItem(this.name, String(this.#end + blockSize)); // where that fails none is used
      this.#end += blockSize;
    }
    return this.#next++;
  }
}
