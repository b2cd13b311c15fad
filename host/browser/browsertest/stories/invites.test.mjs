// Invites and parcels as bytes: docs/wire/invite.md, and what was frozen of it.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const { Guest, Hand, hand, letIn, pack, parcelMax, unpack, unwrap, wrap } = await import(pathToFileURL(join(process.env.PAGE, "invites.js")).href);
const frozen = (name) => new Uint8Array(Buffer.from(process.env[name], "hex"));

const bytes = (...v) => Uint8Array.from(v);
const parcel = {
  admitted: { cluster: "00112233445566778899aabbccddeeff", root: "AQ", steward: "02".repeat(16), user: "ann", role: "client", expires: 4102444800000 },
  plan: bytes(0, 1, 2, 3),
  modules: { "wasm:b.wasm": bytes(5, 6), "wasm:a.wasm": bytes(4) },
};
const offer = {
  v: 1, is: "offer", cluster: parcel.admitted.cluster, from: "03".repeat(16), attempt: 2 ** 51 + 7, until: 4102444800000, sdp: "v=0\r\n",
  lets: { secret: "AAECAwQFBgcICQoLDA0ODw", hash: "BA" },
};

test("a parcel is written as it was frozen, and read", () => {
  assert.deepEqual(wrap(parcel), frozen("FROZEN_PARCEL"));
  assert.deepEqual(unwrap(frozen("FROZEN_PARCEL")), parcel);
});

test("an offer and an answer that were frozen are read", async () => {
  const answer = { ...offer, is: "answer", from: "", key: "Bw", proof: await letIn(offer.lets.secret, "Bw", offer.sdp) };
  delete answer.lets;
  assert.deepEqual(await unpack(new TextDecoder().decode(frozen("FROZEN_OFFER"))), offer);
  assert.deepEqual(await unpack(new TextDecoder().decode(frozen("FROZEN_ANSWER"))), answer);
  assert.deepEqual(await unpack(`https://a.example/#${await pack(offer)}`), offer);
});

test("a parcel that ends early, or has more, is refused with a sentence, at every byte", () => {
  const b = wrap(parcel);
  for (let n = 0; n < b.length; n++) assert.throws(() => unwrap(b.slice(0, n)), /can't be read/, `the first ${n} bytes`);
  assert.throws(() => unwrap(Uint8Array.from([...b, 0])), /can't be read/);
  const lies = (head) => {
    const text = new TextEncoder().encode(JSON.stringify(head));
    return Uint8Array.from([text.length % 256, text.length >> 8, 0, 0, ...text]);
  };
  for (const head of [null, {}, { admitted: parcel.admitted, plan: -1, modules: [] }, { admitted: parcel.admitted, plan: 1e9, modules: [] }, { admitted: { ...parcel.admitted, role: 1 }, plan: 0, modules: [] }]) {
    assert.throws(() => unwrap(lies(head)), /can't be read/, JSON.stringify(head));
  }
});

test("what comes in pieces is gathered, and what is too large is refused before memory is taken", () => {
  const pass = bytes(9, 8, 7), b = hand(pass, wrap(parcel));
  for (const size of [1, 7, 8, 9, b.length]) {
    const h = new Hand();
    for (let at = 0; at < b.length; at += size) {
      const given = h.take(b.slice(at, at + size));
      if (at + size < b.length) assert.equal(given, null);
      else assert.deepEqual([given.pass, unwrap(given.parcel)], [pass, parcel]);
    }
  }
  const head = (pass, parcel) => new Uint8Array(Uint32Array.of(pass, parcel).buffer);
  assert.throws(() => new Hand().take(head(3, parcelMax + 1)), /more than any program takes/);
  assert.throws(() => new Hand().take(head(4097, 3)), /more than any program takes/);
  assert.throws(() => new Hand().take(Uint8Array.from([...head(0, 0), 1])), /more than it said/);
  assert.throws(() => wrap({ ...parcel, plan: new Uint8Array(parcelMax) }), /too large to be handed on/);
});

/** guest lets a device take an invite of a parcel, and says what it is given by the other page. */
async function guest(said, link) {
  const id = { public: new Uint8Array(32).fill(7) };
  const ends = [0, 1, 2].map(() => new MessageChannel());
  const heard = [];
  const g = new Guest(id, (s) => {
    heard.push(s.kind);
    if (s.kind === "offer") g.take({ op: "signal", peer: s.peer, attempt: s.attempt, kind: "answer", body: "v=0" });
    if (s.kind !== "shown") return;
    g.take({ op: "streams", peer: s.peer, attempt: s.attempt, streams: ends.map((e) => e.port2) });
    g.take({ op: "linked", peer: s.peer, attempt: s.attempt, binding: "ab" });
    for (const e of ends) e.port1.postMessage({ open: true });
    link(ends.map((e) => e.port1));
  });
  const hash = Buffer.from(await crypto.subtle.digest("SHA-256", wrap(parcel))).toString("base64url");
  const text = await pack({ ...offer, cluster: "c1", ...said, lets: { secret: offer.lets.secret, hash } });
  const outcome = await g.join(text).then(() => "in", (why) => why.message);
  g.close();
  for (const e of ends) e.port1.close();
  return { id, outcome, heard };
}

test("a device takes what its invite says, and nothing else", async () => {
  const give = (what) => ([, , bulk]) => bulk.postMessage(what.slice().buffer);
  parcel.admitted.cluster = "c1";
  const pass = bytes(9, 8, 7), good = hand(pass, wrap(parcel));
  const { id, outcome, heard } = await guest({}, give(good));
  assert.equal(outcome, "in");
  assert.deepEqual([id.admitted, id.plan, id.modules], [{ ...parcel.admitted, pass: "CQgH" }, parcel.plan, parcel.modules]);
  assert.deepEqual(heard, ["offer", "shown", "close"]);

  const another = hand(pass, wrap({ ...parcel, plan: bytes(6, 6, 6) }));
  for (const [sentence, said, link] of [
    [/another program than its invite says/, {}, give(another)],
    [/the other page belongs to c1/, { cluster: "c2" }, give(good)],
    [/more than any program takes/, {}, give(bytes(255, 255, 255, 255, 1, 0, 0, 0))],
    [/more than it said/, {}, give(Uint8Array.from([...good, 1]))],
    [/the connection closed/, {}, (ends) => ends[0].postMessage({ end: true })],
    [/has expired/, { until: Date.now() - 1 }, give(good)],
    [/lets nobody in/, { is: "answer" }, give(good)],
  ]) {
    const { id, outcome } = await guest(said, link);
    assert.match(outcome, sentence);
    assert.deepEqual(Object.keys(id), ["public"], "nothing of it is kept");
  }
});
