// A link between pages: three streams of bytes, over data channels that were
// transferred to this worker, over ports to the tab that has them where that
// can't be done, or over a BroadcastChannel.

/** What carries one channel's bytes, in pieces. */
export interface Carrier {
  readonly waiting: number; // bytes that were given to it and have not left
  post(piece: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

/** What becomes of a carrier: it is open, less than waitingLow is waiting, bytes came, it ended. */
export interface Carried {
  open(): void;
  low(): void;
  bytes(b: Uint8Array<ArrayBuffer>): void;
  end(): void;
}

/** The largest message that every browser's data channels take. */
export const pieceMax = 64 << 10;

/** How much a carrier is given at once, in bytes, and from when on it takes more. */
export const waitingMax = 1 << 20;
export const waitingLow = 256 << 10;

/**
 * What waits in a link behind that, for each channel, in bytes, as at a server.
 * A link over its bound ends: what was lost is brought by repair once there is
 * another one.
 */
const queueMax = [16 << 20, 16 << 20, 32 << 20];

/** What may come before the node listens: a greeting and a proof. */
const earlyMax = 2 << 20;

/** Events of a link, in their order. */
export interface Heard {
  connected(): void;
  chunk(channel: number, bytes: Uint8Array<ArrayBuffer>): void;
  closed(why: string): void;
}

/** PeerLink is the three streams of one link, from before they are open. */
export class PeerLink {
  readonly #carriers: Carrier[];
  readonly #queues: Uint8Array<ArrayBuffer>[][] = [[], [], []];
  readonly #queued = [0, 0, 0];
  #open = 0;
  #heard: Heard | null = null;
  #early: [number, Uint8Array<ArrayBuffer>][] = [];
  #earlySize = 0;
  #isOver = false;

  /** over is called when the link is closed, by whomever. */
  over = () => {};

  /** early is told what comes before the node listens; it is kept for the node unless early returns true. */
  early = (_channel: number, _bytes: Uint8Array<ArrayBuffer>): boolean => false;

  /** opened is called when all three are open, ended when the link ends before that or before hear is called. */
  constructor(
    carriers: ((c: Carried) => Carrier)[],
    readonly opened: () => void,
    readonly ended: (why: string) => void,
  ) {
    this.#carriers = carriers.map((make, channel) =>
      make({
        open: () => {
          if (++this.#open === carriers.length) this.opened();
        },
        low: () => this.#pump(channel),
        bytes: (b) => this.#came(channel, b),
        end: () => this.#end("the connection closed"),
      }),
    );
  }

  get isOpen() {
    return this.#open === 3 && !this.#isOver;
  }

  /** hear gives the link to the node: what came before comes now. */
  hear(heard: Heard): this {
    this.#heard = heard;
    heard.connected();
    for (const [channel, bytes] of this.#early.splice(0)) heard.chunk(channel, bytes);
    return this;
  }

  /** send queues bytes, which leave at the end of this task: what is sent in small pieces goes in large ones. */
  send(channel: number, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#isOver) return;
    const queue = this.#queues[channel]!;
    if (queue.length === 0) queueMicrotask(() => this.#pump(channel));
    for (let at = 0; at < bytes.length; at += pieceMax) queue.push(bytes.slice(at, at + pieceMax));
    this.#queued[channel]! += bytes.length;
    if (this.#queued[channel]! > queueMax[channel]!) this.#end(`it takes too little: ${this.#queued[channel]} bytes are waiting`);
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const c of this.#carriers) c.close();
    this.over();
  }

  #pump(channel: number) {
    const queue = this.#queues[channel]!;
    const carrier = this.#carriers[channel]!;
    let n = 0;
    while (n < queue.length && carrier.waiting < waitingMax && !this.#isOver) {
      let size = queue[n]!.length;
      const from = n++;
      while (n < queue.length && size + queue[n]!.length <= pieceMax) size += queue[n++]!.length;
      this.#queued[channel]! -= size;
      carrier.post(n - from === 1 ? queue[from]! : joined(queue.slice(from, n), size));
    }
    queue.splice(0, n);
  }

  #came(channel: number, bytes: Uint8Array<ArrayBuffer>) {
    if (this.#isOver) return;
    if (this.#heard) return this.#heard.chunk(channel, bytes);
    if (this.early(channel, bytes)) return;
    this.#early.push([channel, bytes]);
    if ((this.#earlySize += bytes.length) > earlyMax) this.#end("it says too much before it has said who it is");
  }

  #end(why: string) {
    if (this.#isOver) return;
    this.close();
    if (this.#heard) this.#heard.closed(why);
    else this.ended(why);
  }
}

function joined(pieces: Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  let at = 0;
  for (const p of pieces) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}

/** A data channel that was transferred here. */
export function overChannel(channel: RTCDataChannel): (c: Carried) => Carrier {
  return (c) => {
    channel.binaryType = "arraybuffer";
    channel.bufferedAmountLowThreshold = waitingLow;
    channel.onopen = () => c.open();
    channel.onbufferedamountlow = () => c.low();
    channel.onmessage = ({ data }) => c.bytes(new Uint8Array(data));
    channel.onclose = channel.onerror = () => c.end();
    if (channel.readyState === "open") queueMicrotask(() => c.open());
    return {
      get waiting() {
        return channel.bufferedAmount;
      },
      post: (piece) => {
        if (channel.readyState === "open") channel.send(piece);
      },
      close: () => channel.close(),
    };
  };
}

/** What goes through a port beside bytes. */
export interface PortWord {
  open?: true;
  end?: true;
  left?: number; // so many bytes have left the tab
}

/** A port to a tab that has the data channel (rtc.ts: relay). */
export function overPort(port: MessagePort): (c: Carried) => Carrier {
  return (c) => {
    let waiting = 0;
    port.onmessage = ({ data }: MessageEvent<ArrayBuffer | PortWord>) => {
      if (data instanceof ArrayBuffer) return c.bytes(new Uint8Array(data));
      if (data.open) c.open();
      if (data.end) c.end();
      if (data.left) {
        waiting -= data.left;
        if (waiting <= waitingLow) c.low();
      }
    };
    return {
      get waiting() {
        return waiting;
      },
      post(piece) {
        waiting += piece.length;
        port.postMessage(piece.buffer, [piece.buffer]);
      },
      close() {
        port.postMessage({ end: true } satisfies PortWord);
        port.close();
      },
    };
  };
}
