// Where the applications of one browser that belong to one cluster, say those of
// two users, find to each other with no network at all: a BroadcastChannel on
// which all are, and one more for each link.

import { type Carried, type Carrier, PeerLink, waitingLow } from "./stream.ts";

/** What is said in the lobby. */
interface Word {
  is: "here" | "link";
  from: string; // replica id
  to: string; // "" for all
  room?: string; // of a link: the name of its channel
}

/** What is said on a link's own channel. */
interface Said {
  from: string;
  channel?: number;
  bytes?: Uint8Array<ArrayBuffer>;
  took?: number; // bytes that have been taken
  is?: "open" | "end";
}

export class Lobby {
  readonly #self: string;
  readonly #hall: BroadcastChannel;
  readonly #came: (peer: string, isOurs: boolean, link: PeerLink) => void;
  readonly #links = new Map<string, PeerLink>(); // by peer

  constructor(self: string, cluster: string, came: (peer: string, isOurs: boolean, link: PeerLink) => void) {
    this.#self = self;
    this.#came = came;
    this.#hall = new BroadcastChannel(`martinelli:lobby:${cluster}`);
    this.#hall.onmessage = ({ data }: MessageEvent<Word>) => this.#hear(data);
    this.#say("here", "");
  }

  /** call asks a page, should it be in this browser, to link. */
  call(peer: string): void {
    this.#say("here", peer);
  }

  close(): void {
    for (const l of this.#links.values()) l.close();
    this.#hall.close();
  }

  #say(is: Word["is"], to: string, room?: string) {
    this.#hall.postMessage({ is, from: this.#self, to, ...(room !== undefined && { room }) } satisfies Word);
  }

  #hear(w: Word) {
    if (typeof w?.from !== "string" || w.from === this.#self || (w.to !== "" && w.to !== this.#self)) return;
    if (w.is === "link" && w.room !== undefined) return this.#enter(w.from, w.room, false);
    if (w.is !== "here") return;
    if (this.#self > w.from) {
      if (w.to === "") this.#say("here", w.from); // the smaller one begins
      return;
    }
    if (this.#links.has(w.from)) return;
    const room = `martinelli:link:${crypto.randomUUID()}`;
    this.#enter(w.from, room, true);
    this.#say("link", w.from, room);
  }

  /** enter makes a link of a room. Who was told its name opens it. */
  #enter(peer: string, name: string, isOurs: boolean) {
    this.#links.get(peer)?.close();
    const room = new BroadcastChannel(name);
    const carried: Carried[] = [];
    let isOver = false;
    const over = () => {
      if (isOver) return;
      isOver = true;
      if (this.#links.get(peer) === link) this.#links.delete(peer);
      say({ is: "end" });
      room.close();
    };
    const say = (s: Omit<Said, "from">) => room.postMessage({ from: this.#self, ...s } satisfies Said);
    const waiting = [0, 0, 0];
    const carrier = (channel: number) => (c: Carried): Carrier => {
      carried[channel] = c;
      return {
        get waiting() {
          return waiting[channel]!;
        },
        post(bytes) {
          if (isOver) return;
          waiting[channel]! += bytes.length;
          say({ channel, bytes });
        },
        close: over,
      };
    };
    const link = new PeerLink([0, 1, 2].map(carrier), () => this.#came(peer, isOurs, link), over);
    this.#links.set(peer, link);
    room.onmessage = ({ data }: MessageEvent<Said>) => {
      if (isOver || data?.from !== peer) return;
      const c = carried[data.channel ?? 0];
      if (data.is === "open") for (const each of carried) each.open();
      else if (data.is === "end") carried[0]!.end();
      else if (c && data.took) {
        waiting[data.channel!]! -= data.took;
        if (waiting[data.channel!]! <= waitingLow) c.low();
      } else if (c && data.bytes) {
        say({ channel: data.channel!, took: data.bytes.length });
        c.bytes(data.bytes);
      }
    };
    if (!isOurs) {
      say({ is: "open" });
      for (const each of carried) each.open();
    } else setTimeout(() => link.isOpen || link.close(), 3_000);
  }
}
