// Connections between pages, at the leader's main thread: browsers have none in
// workers. Who offers, to whom and when, is the worker's to say (peers.ts); the
// streams go to it at once, transferred where the browser can do that and
// relayed where it can't.

import type { Request, Signalled } from "./protocol.ts";
import { type PortWord, waitingLow, waitingMax } from "./stream.ts";

/** How long candidates are waited for, in milliseconds: those of the machine itself take a few. */
const gatherMax = 1_500;

/** How long a connection may be silent before it is given up, in milliseconds. */
const silentMax = 3_000;

const names = ["control", "commits", "bulk"];

interface Connection {
  attempt: number;
  pc: RTCPeerConnection;
}

export class Connections {
  readonly #say: (request: Request, transfer?: Transferable[]) => void;
  readonly #ice: RTCIceServer[];
  readonly #show: (answer: string) => void;
  readonly #byPeer = new Map<string, Connection>();

  constructor(say: (request: Request, transfer?: Transferable[]) => void, ice: RTCIceServer[] = [], show: (answer: string) => void = () => {}) {
    this.#say = say;
    this.#ice = ice;
    this.#show = show;
    addEventListener("pagehide", (e) => !e.persisted && this.close()); // else the others notice only by silence
  }

  /** take does what the worker says of a connection. */
  take(s: Signalled): void {
    switch (s.kind) {
      case "dial":
        return void this.#offer(this.#begin(s), s).catch((cause) => this.#fail(s, cause));
      case "offer":
        return void this.#answer(this.#begin(s), s).catch((cause) => this.#fail(s, cause));
      case "answer": {
        const c = this.#byPeer.get(s.peer);
        if (c?.attempt === s.attempt) c.pc.setRemoteDescription({ type: "answer", sdp: s.body }).catch((cause) => this.#fail(s, cause));
        return;
      }
      case "close":
        return this.#end(s);
      case "shown":
        return this.#show(s.body);
    }
  }

  close(): void {
    for (const c of this.#byPeer.values()) c.pc.close();
    this.#byPeer.clear();
  }

  /** begin makes a connection with its three channels, which are gone from here the moment they are made. */
  #begin(s: Signalled): Connection {
    this.#byPeer.get(s.peer)?.pc.close();
    const pc = new RTCPeerConnection({ iceServers: this.#ice });
    const c = { attempt: s.attempt, pc };
    this.#byPeer.set(s.peer, c);
    const channels = names.map((name, id) => pc.createDataChannel(name, { negotiated: true, id, ordered: true }));
    const streams = canTransfer() ? channels : channels.map(relay);
    this.#say({ op: "streams", peer: s.peer, attempt: s.attempt, streams }, streams as unknown as Transferable[]);
    let silent: ReturnType<typeof setTimeout> | undefined;
    let isWaiting = s.isShown ?? false; // for a person: the other side does not know yet, and the worker says when it is over
    pc.onconnectionstatechange = () => {
      clearTimeout(silent);
      switch (pc.connectionState) {
        case "connected":
          isWaiting = false;
          return this.#say({ op: "linked", peer: s.peer, attempt: s.attempt, binding: bindingOf(pc) });
        case "disconnected":
          silent = setTimeout(() => this.#fail(s, "it is silent"), silentMax);
          return;
        case "failed":
          if (!isWaiting) this.#fail(s, "no way between the two was found: both may be behind firewalls");
      }
    };
    return c;
  }

  async #offer(c: Connection, s: Signalled) {
    await c.pc.setLocalDescription(await c.pc.createOffer());
    this.#say({ op: "signal", peer: s.peer, attempt: s.attempt, kind: "offer", body: await described(c.pc) });
  }

  async #answer(c: Connection, s: Signalled) {
    await c.pc.setRemoteDescription({ type: "offer", sdp: s.body });
    await c.pc.setLocalDescription(await c.pc.createAnswer());
    this.#say({ op: "signal", peer: s.peer, attempt: s.attempt, kind: "answer", body: await described(c.pc) });
  }

  #fail(s: Signalled, cause: unknown) {
    if (this.#byPeer.get(s.peer)?.attempt !== s.attempt) return;
    this.#end(s);
    this.#say({ op: "signal", peer: s.peer, attempt: s.attempt, kind: "failed", body: cause instanceof Error ? cause.message : String(cause) });
  }

  #end(s: { peer: string; attempt: number }) {
    const c = this.#byPeer.get(s.peer);
    if (c?.attempt !== s.attempt) return;
    this.#byPeer.delete(s.peer);
    c.pc.close();
  }
}

/** described returns this side's description once its candidates are in it. */
async function described(pc: RTCPeerConnection): Promise<string> {
  await new Promise<void>((done) => {
    if (pc.iceGatheringState === "complete") return done();
    setTimeout(done, gatherMax);
    pc.addEventListener("icegatheringstatechange", () => pc.iceGatheringState === "complete" && done());
  });
  return pc.localDescription!.sdp;
}

/** bindingOf returns both certificates' SHA-256 fingerprints in ascending order: what nobody between the two can make agree. */
export function bindingOf(pc: { localDescription: { sdp: string } | null; remoteDescription: { sdp: string } | null }): string {
  const both = [pc.localDescription, pc.remoteDescription].map((d) => {
    const hex = /^a=fingerprint:sha-256 ([0-9a-f:]{95})/im.exec(d?.sdp ?? "")?.[1];
    if (!hex) throw new Error("the connection has no certificate's fingerprint");
    return hex.replaceAll(":", "").toLowerCase();
  });
  return both.sort().join("");
}

let transfers: boolean | undefined;

/** canTransfer tries, once, whether this browser hands data channels on to workers. */
export function canTransfer(): boolean {
  if (transfers === undefined) {
    const pc = new RTCPeerConnection();
    try {
      const channel = pc.createDataChannel("probe");
      structuredClone(channel, { transfer: [channel as unknown as Transferable] });
      transfers = true;
    } catch {
      transfers = false;
    }
    pc.close();
  }
  return transfers;
}

/** relay passes a channel's bytes on to a port, and what comes from there to the channel, no more than fits. */
function relay(channel: RTCDataChannel): MessagePort {
  const { port1: port, port2 } = new MessageChannel();
  const say = (word: PortWord) => port.postMessage(word);
  const queue: ArrayBuffer[] = [];
  const pump = () => {
    let left = 0;
    while (queue.length > 0 && channel.readyState === "open" && channel.bufferedAmount < waitingMax) {
      left += queue[0]!.byteLength;
      channel.send(queue.shift()!);
    }
    if (left > 0) say({ left });
  };
  channel.binaryType = "arraybuffer";
  channel.bufferedAmountLowThreshold = waitingLow;
  channel.onbufferedamountlow = pump;
  channel.onopen = () => say({ open: true });
  channel.onclose = channel.onerror = () => say({ end: true });
  channel.onmessage = ({ data }) => port.postMessage(data, [data]);
  port.onmessage = ({ data }: MessageEvent<ArrayBuffer | PortWord>) => {
    if (!(data instanceof ArrayBuffer)) return void (data.end && channel.close());
    queue.push(data);
    pump();
  };
  return port2;
}
