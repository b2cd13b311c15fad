// WebSockets (RFC 6455) for a Node.js that has none of its own: as much of them
// as a link needs, which is binary messages that it takes as a stream of
// bytes. So what comes of a message is passed on as it comes, and nothing is
// gathered but what stands before it.

import { createHash } from "node:crypto";
import { type Asking, request as requestPlain, type Socket } from "node:http";
import { request as requestTLS } from "node:https";

const accepting = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // section 1.3

/** Kinds of frames (section 5.2). Those of control begin at close, and bear 125 bytes at most. */
const continuation = 0;
const binary = 2;
const close = 8;
const ping = 9;
const pong = 10;
const controlMax = 125;

/** Why a connection is closed (section 7.4.1). */
const protocolError = 1002;

type States = 0 | 1 | 2 | 3;

export class WebSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;

  binaryType = "arraybuffer";
  readyState: States = WebSocket.CONNECTING;
  onopen: (() => void) | null = null;
  onmessage: ((e: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((e: { reason: string }) => void) | null = null;

  readonly #asking: Asking;
  #socket: Socket | null = null;
  #head = new Uint8Array(); // of a frame that is not whole
  #left = 0; // bytes of the message's frame that are still to come
  #reason = "";

  constructor(url: string, protocol: string) {
    const at = new URL(url.replace(/^ws/, "http"));
    const key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
    this.#asking = (at.protocol === "https:" ? requestTLS : requestPlain)(at, {
      headers: { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key, "Sec-WebSocket-Protocol": protocol },
    });
    this.#asking.on("upgrade", ({ headers }, socket, head) => {
      const accepted = createHash("sha1").update(key + accepting).digest("base64");
      if (headers["sec-websocket-accept"] === accepted && headers["sec-websocket-protocol"] === protocol) return this.#opened(socket, head);
      socket.destroy();
      this.#closed("it is no server of links");
    });
    this.#asking.on("response", (answer) => {
      answer.destroy();
      this.#closed(`it answered with ${answer.statusCode}`);
    });
    this.#asking.on("error", (why) => this.#closed(why.message || String((why as { code?: string }).code)));
    this.#asking.end();
  }

  /** What has been sent and is not with the system yet, in bytes. */
  get bufferedAmount(): number {
    return this.#socket?.writableLength ?? 0;
  }

  send(bytes: Uint8Array): void {
    if (this.readyState === WebSocket.OPEN) this.#write(binary, bytes);
  }

  close(code = 1000): void {
    if (this.readyState === WebSocket.CONNECTING) {
      this.#asking.destroy();
      return this.#closed("");
    }
    if (this.readyState !== WebSocket.OPEN) return;
    this.readyState = WebSocket.CLOSING;
    this.#write(close, Uint8Array.of(code >> 8, code & 255));
    this.#socket!.destroySoon(); // whether the other side answers or not
  }

  #opened(socket: Socket, head: Uint8Array) {
    if (this.readyState !== WebSocket.CONNECTING) return socket.destroy();
    this.#socket = socket;
    this.readyState = WebSocket.OPEN;
    socket.setNoDelay(true);
    socket.on("data", (bytes) => this.#take(bytes));
    socket.on("error", (why) => (this.#reason ||= why?.message ?? ""));
    socket.on("close", () => this.#closed(this.#reason));
    this.onopen?.();
    if (head.length > 0) this.#take(head);
  }

  #closed(reason: string) {
    if (this.readyState === WebSocket.CLOSED) return;
    this.readyState = WebSocket.CLOSED;
    queueMicrotask(() => this.onclose?.({ reason }));
  }

  /** write sends a frame, masked, as a client's have to be (section 5.3). */
  #write(kind: number, body: Uint8Array) {
    const long = body.length < 126 ? 0 : body.length < 65536 ? 2 : 8;
    const frame = new Uint8Array(2 + long + 4 + body.length);
    const view = new DataView(frame.buffer);
    view.setUint8(0, 0x80 | kind);
    view.setUint8(1, 0x80 | (long === 0 ? body.length : long === 2 ? 126 : 127));
    if (long === 2) view.setUint16(2, body.length);
    if (long === 8) view.setBigUint64(2, BigInt(body.length));
    const mask = crypto.getRandomValues(frame.subarray(2 + long, 6 + long));
    for (let i = 0, at = 6 + long; i < body.length; i++) frame[at + i] = body[i]! ^ mask[i & 3]!;
    this.#socket!.write(frame);
  }

  #take(bytes: Uint8Array) {
    let rest = joined(this.#head, bytes);
    while (rest.length > 0 && this.readyState !== WebSocket.CLOSED) {
      if (this.#left === 0) {
        const begun = this.#begin(rest);
        if (begun === null) break;
        rest = rest.subarray(begun);
        continue;
      }
      const piece = new Uint8Array(rest.subarray(0, this.#left)); // a Buffer's slice shares its bytes
      this.#left -= piece.length;
      rest = rest.subarray(piece.length);
      this.onmessage?.({ data: piece.buffer });
    }
    this.#head = new Uint8Array(rest);
  }

  /** begin reads what stands before a message's bytes, or a frame of control, and returns how much that was; null: it is not all there. */
  #begin(b: Uint8Array): number | null {
    if (b.length < 2) return null;
    const kind = b[0]! & 15, short = b[1]! & 127;
    const size = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (b.length < size) return null;
    const view = new DataView(b.buffer, b.byteOffset);
    const length = size === 2 ? short : size === 4 ? view.getUint16(2) : Number(view.getBigUint64(2));
    const isControl = kind >= close;
    if ((b[0]! & 0x70) !== 0 || b[1]! > 127 || !Number.isSafeInteger(length) || (isControl ? length > controlMax || kind > pong : kind !== binary && kind !== continuation)) {
      this.#refuse("it sent what is no frame of a link");
      return null;
    }
    if (!isControl) {
      this.#left = length;
      return size;
    }
    if (b.length < size + length) return null;
    this.#control(kind, b.subarray(size, size + length));
    return size + length;
  }

  #control(kind: number, body: Uint8Array) {
    if (kind === ping && this.readyState === WebSocket.OPEN) this.#write(pong, body);
    if (kind !== close) return;
    this.#reason = new TextDecoder().decode(body.subarray(2));
    this.close();
  }

  #refuse(why: string) {
    this.#reason = why;
    this.close(protocolError);
    this.#socket!.destroy();
    this.readyState = WebSocket.CLOSING;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
