// How the worker speaks with the tabs: with its own by postMessage, with the
// others over the BroadcastChannel, each reply in a batch of its tab.

import { batchesMax, channelName, type FromWorker, protocolVersion, type Reply, type Request, tabLock, type ToWorker } from "./protocol.ts";

type Tab = { replies: Reply[]; batch: number; taken: number };

const scope = self as unknown as { postMessage(message: unknown): void; onmessage: ((e: MessageEvent<ToWorker>) => void) | null };

export class Tabs {
  readonly listeners = new Set<string>();
  readonly #tabs = new Map<string, Tab>();
  readonly near = new Set<string>(); // those that postMessage reaches: the leader
  readonly #left: (tab: string) => void;
  readonly #lags: (tab: string) => void;
  readonly #take: (tab: string, requests: Request[]) => void;
  #channel: BroadcastChannel | null = null;
  #app = "";
  #worker: string = crypto.randomUUID();

  constructor(take: (tab: string, requests: Request[]) => void, left: (tab: string) => void, lags: (tab: string) => void) {
    this.#take = take;
    this.#left = left;
    this.#lags = lags;
    scope.onmessage = ({ data }) => {
      this.near.add(data.tab);
      this.#hear(data);
    };
  }

  /** join makes the tabs of an application heard. */
  join(app: string) {
    this.#app = app;
    this.#channel = new BroadcastChannel(channelName(app));
    this.#channel.onmessage = ({ data }: MessageEvent<ToWorker>) => {
      if (data?.requests) this.#hear(data);
    };
  }

  /** rename makes all tabs send again what has no answer. */
  rename() {
    this.#worker = crypto.randomUUID();
    for (const tab of this.#tabs.values()) tab.replies = [];
  }

  say(tab: string, reply: Reply) {
    this.#of(tab).replies.push(reply);
  }

  /** all tells every tab at once. */
  all(replies: Reply[]) {
    this.flush();
    const message: FromWorker = { v: protocolVersion, worker: this.#worker, tab: "", batch: 0, replies };
    scope.postMessage(message);
    this.#channel?.postMessage(message);
  }

  /** flush sends each tab what there is for it, in one batch. */
  flush() {
    for (const [name, tab] of this.#tabs) {
      if (tab.replies.length === 0) continue;
      if (tab.batch - tab.taken >= batchesMax) {
        tab.taken = tab.batch; // once is enough
        this.#lags(name);
      }
      const message: FromWorker = { v: protocolVersion, worker: this.#worker, tab: name, batch: ++tab.batch, replies: tab.replies };
      tab.replies = [];
      if (this.near.has(name)) scope.postMessage(message);
      else this.#channel?.postMessage(message);
    }
  }

  taken(tab: string, batch: number) {
    this.#of(tab).taken = batch;
  }

  left(tab: string) {
    this.#tabs.delete(tab);
    this.near.delete(tab);
    this.listeners.delete(tab);
  }

  #hear({ v, tab, requests }: ToWorker) {
    if (v === protocolVersion) return this.#take(tab, requests);
    this.all([{ op: "failed", kind: "request", text: "a tab has another version of this page: reload both", final: false }]);
  }

  #of(name: string): Tab {
    let tab = this.#tabs.get(name);
    if (!tab) {
      this.#tabs.set(name, (tab = { replies: [], batch: 0, taken: 0 }));
      if (!this.near.has(name)) this.#awaitEnd(name);
    }
    return tab;
  }

  /** awaitEnd waits for the lock that a tab holds as long as it lives. */
  #awaitEnd(name: string) {
    void navigator.locks?.request(tabLock(this.#app, name), () => this.#left(name)).catch(() => {});
  }
}
