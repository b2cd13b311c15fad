// Links to servers: three streams of bytes over WebSockets that this worker dials.

import type { Bytes } from "./mailbox.ts";

const channels = ["control", "commits", "bulk"];

/** What a channel may have waiting, in bytes. Beyond it control ends the link, and the rest is left to repair. */
const waitingMax = [16 << 20, 16 << 20, 32 << 20];

/** How long a server may take to open a channel, in milliseconds. */
const openMax = 10_000;

/** Events of a link, in their order. */
export interface Heard {
  connected(): void;
  chunk(channel: number, bytes: Bytes): void;
  closed(why: string): void;
}

export interface Link {
  send(channel: number, bytes: Bytes): void;
  close(): void;
}

/** WebSockets dials the control channel of a server; the others when something is to go over them. */
export class WebSockets implements Link {
  readonly #addr: string;
  readonly #heard: Heard;
  readonly #sockets: WebSocket[] = [];
  readonly #waiting: Bytes[][] = [[], [], []];
  #isOver = false;

  constructor(addr: string, heard: Heard) {
    this.#addr = addr;
    this.#heard = heard;
    this.#open(0);
  }

  send(channel: number, bytes: Bytes) {
    if (this.#isOver) return;
    const socket = this.#sockets[channel] ?? this.#open(channel);
    if (socket.readyState === WebSocket.CONNECTING) return void this.#waiting[channel]!.push(bytes);
    if (socket.bufferedAmount + bytes.length <= waitingMax[channel]!) return socket.send(bytes);
    if (channel === 0) this.#end("it takes nothing");
  }

  close() {
    this.#isOver = true;
    for (const socket of this.#sockets) socket?.close();
  }

  #open(channel: number): WebSocket {
    const socket = new WebSocket(`${this.#addr}/v1/link?channel=${channels[channel]}`, "martinelli-link");
    const late = setTimeout(() => this.#end("it did not open in time"), openMax);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      clearTimeout(late);
      if (this.#isOver) return socket.close();
      if (channel === 0) this.#heard.connected();
      for (const bytes of this.#waiting[channel]!.splice(0)) socket.send(bytes);
    };
    socket.onmessage = ({ data }) => {
      if (!this.#isOver) this.#heard.chunk(channel, new Uint8Array(data));
    };
    socket.onclose = (e) => {
      clearTimeout(late);
      this.#end(e.reason || "the connection closed");
    };
    this.#sockets[channel] = socket;
    return socket;
  }

  #end(why: string) {
    if (this.#isOver) return;
    this.close();
    this.#heard.closed(why);
  }
}
