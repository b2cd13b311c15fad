// The letters of docs/wire/mailbox.md, as the worker writes and reads them.

import type { Action } from "./files.ts";

/** An Out is a letter of the node, by the kinds of host/browser/letter_out.go. */
export type Out =
  | { kind: 1; replica: string; schema: string; isFirst: boolean; size: number }
  | { kind: 2; why: number; text: string }
  | { kind: 3; actions: Action[] }
  | { kind: 4; link: number; channel: number; bytes: Bytes }
  | { kind: 5; link: number; addr: string }
  | { kind: 6; link: number; why: string }
  | { kind: 7; no: number; statement: Bytes }
  | { kind: 8; no: number; key: Bytes; signature: Bytes; statement: Bytes }
  | { kind: 9; ticket: number; state: number; last: boolean; duplicate: boolean; why: string; detail: string; item: string; value: string; copied: boolean; asOf: number }
  | { kind: 10; ticket: number; full: boolean; settled: boolean; asOf: number; value: string; added: string; removed: string }
  | { kind: 11; key: string; value: string }
  | { kind: 12; at: number }
  | { kind: 13; warning: boolean; text: string }
  | { kind: 14; json: string }
  | { kind: 15; why: string }
  | { kind: 16 }
  | { kind: 17; from: string; signal: number; attempt: number; text: string };

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A Letter is one to the node, field by field. */
export class Letter {
  #bytes = new Uint8Array(256);
  #size = 0;

  constructor(kind: number) {
    this.octet(kind);
  }

  octet(v: number): this {
    this.#room(1)[this.#size++] = v;
    return this;
  }

  flag(v: boolean): this {
    return this.octet(v ? 1 : 0);
  }

  number(v: number): this {
    const b = this.#room(8);
    for (; v >= 128; v = Math.floor(v / 128)) b[this.#size++] = (v % 128) | 128;
    b[this.#size++] = v;
    return this;
  }

  fixed(p: Uint8Array): this {
    this.#room(p.length).set(p, this.#size);
    this.#size += p.length;
    return this;
  }

  bytes(p: Uint8Array): this {
    return this.number(p.length).fixed(p);
  }

  text(s: string): this {
    return this.bytes(encoder.encode(s));
  }

  get whole(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  #room(n: number): Uint8Array {
    if (this.#size + n > this.#bytes.length) {
      const more = new Uint8Array(Math.max(2 * this.#bytes.length, this.#size + n));
      more.set(this.#bytes);
      this.#bytes = more;
    }
    return this.#bytes;
  }
}

/** delivery puts letters under one time, in microseconds since 1970. */
export function delivery(now: number, letters: Letter[]): Uint8Array {
  const head = new Letter(0).number(now).number(letters.length).whole.subarray(1);
  const all = new Uint8Array(letters.reduce((n, l) => n + 4 + l.whole.length, head.length));
  const view = new DataView(all.buffer);
  all.set(head);
  let at = head.length;
  for (const { whole } of letters) {
    view.setUint32(at, whole.length, true);
    all.set(whole, at + 4);
    at += 4 + whole.length;
  }
  return all;
}

/** letters reads what the node says; what it returns lies in b. */
export function letters(b: Bytes): Out[] {
  const r = new Reader(b);
  return Array.from({ length: r.number() }, () => {
    const end = r.size() + r.at;
    const l = letter(r);
    r.at = end;
    return l;
  });
}

function letter(r: Reader): Out {
  const kind = r.octet();
  switch (kind) {
    case 1:
      return { kind, replica: hex(r.fixed(16)), schema: r.text(), isFirst: r.flag(), size: r.number() };
    case 2:
      return { kind, why: r.octet(), text: r.text() };
    case 3:
      return { kind, actions: Array.from({ length: r.number() }, () => ({ kind: r.octet() as Action["kind"], file: r.octet(), at: r.number(), bytes: r.bytes() })) };
    case 4:
      return { kind, link: r.number(), channel: r.octet(), bytes: r.bytes() };
    case 5:
      return { kind, link: r.number(), addr: r.text() };
    case 6:
      return { kind, link: r.number(), why: r.text() };
    case 7:
      return { kind, no: r.number(), statement: r.bytes() };
    case 8:
      return { kind, no: r.number(), key: r.fixed(32), signature: r.fixed(64), statement: r.bytes() };
    case 9:
      return { kind, ticket: r.number(), state: r.octet(), last: r.flag(), duplicate: r.flag(), why: r.text(), detail: r.text(), item: r.text(), value: r.text(), copied: r.flag(), asOf: r.number() };
    case 10:
      return { kind, ticket: r.number(), full: r.flag(), settled: r.flag(), asOf: r.number(), value: r.text(), added: r.text(), removed: r.text() };
    case 11:
      return { kind, key: r.text(), value: r.text() };
    case 12:
      return { kind, at: r.number() };
    case 13:
      return { kind, warning: r.flag(), text: r.text() };
    case 14:
      return { kind, json: r.text() };
    case 15:
      return { kind, why: r.text() };
    case 16:
      return { kind };
    case 17:
      return { kind, from: hex(r.fixed(16)), signal: r.octet(), attempt: r.number(), text: r.text() };
  }
  throw new Error(`martinelli: a letter of kind ${kind}: page.wasm and worker.js are of two builds`);
}

class Reader {
  at = 0;
  readonly #b: Bytes;
  constructor(b: Bytes) {
    this.#b = b;
  }

  octet(): number {
    return this.#b[this.at++]!;
  }

  flag(): boolean {
    return this.octet() === 1;
  }

  size(): number {
    return this.octet() + this.octet() * 2 ** 8 + this.octet() * 2 ** 16 + this.octet() * 2 ** 24;
  }

  number(): number {
    let v = 0;
    for (let scale = 1; ; scale *= 128) {
      const b = this.octet();
      v += (b & 127) * scale;
      if (b < 128) return v;
    }
  }

  fixed(n: number): Bytes {
    return this.#b.subarray(this.at, (this.at += n));
  }

  bytes(): Bytes {
    return this.fixed(this.number());
  }

  text(): string {
    return decoder.decode(this.bytes());
  }
}

export const hex = (b: Uint8Array): string => Array.from(b, (v) => v.toString(16).padStart(2, "0")).join("");

export const unhex = (s: string): Bytes => Uint8Array.from(s.match(/../g) ?? [], (two) => parseInt(two, 16));

export const unbase64 = (s: string): Bytes => Uint8Array.from(atob(s.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

export const base64 = (b: Uint8Array): string => btoa(String.fromCharCode(...b)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
