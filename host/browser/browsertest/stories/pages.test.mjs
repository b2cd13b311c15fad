// Pages among themselves: two that met at a server go on without it, over a
// connection of their own; a third in the same browser joins with no network.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browse, page } from "./browser.mjs";
import { kept } from "./people.mjs";
import { servedAt } from "./served.mjs";
import { node } from "./world.mjs";

const held = browse();
const contexts = [];
let server, ann, bob, cleo, dan, phone;
before(async () => (server = await node(new URL("shop.mrt", import.meta.url).pathname)));
after(() => Promise.all(contexts.map((c) => c.close().catch(() => {}))));

/** open opens the shop as somebody, in the page p. */
async function open(p, user) {
  await p.evaluate(async (user) => {
    const { open } = await import("/client.js");
    globalThis.app = await open({ app: `shop of ${user}`, user });
  }, user);
  return p;
}

async function person(user, context) {
  context ??= contexts[contexts.push(await held.browser.newContext()) - 1];
  return open(await page(context, server.url), user);
}

const comes = (p, f, timeout = 15_000) => p.waitForFunction(`(${f})()`, null, { timeout });
const has = (wine) => `() => app.databases.favourites.value.includes(${JSON.stringify(wine)})`;
const via = (how) => `() => app.status.peers.some((p) => p.via === ${JSON.stringify(how)} && p.state === "alive")`;
const favour = (p, wine) => p.evaluate((wine) => app.events.favour({ wine }).acked, wine);

test("two pages that met at a server make a connection of their own", async () => {
  ann = await person("ann");
  bob = await person("bob");
  await comes(ann, via("webrtc"));
  await comes(bob, via("webrtc"));
  cleo = await person("cleo");
  await comes(cleo, via("websocket"));
  await kept(cleo);
  await cleo.goto("about:blank");
});

test("two applications of one browser need no network for theirs", async () => {
  dan = await person("dan", contexts[0]);
  await comes(dan, via("broadcast"));
  await comes(ann, via("broadcast"));
});

test("the server is killed: favourites go both ways", async () => {
  await server.kill();
  await favour(ann, "barolo");
  await comes(bob, has("barolo"));
  await favour(bob, "rioja");
  await comes(ann, has("rioja"));
  await comes(dan, has("rioja"));
  await comes(ann, "() => !app.status.server && app.status.online");
});

test("a third page, opened earlier, joins by an invite: it hears of everything, and is linked to the others too", async () => {
  await cleo.goto(server.url); // which the service worker has
  await open(cleo, "cleo");
  await cleo.evaluate(() => app.events.favour({ wine: "soave" }).durable);
  const invite = await ann.evaluate(() => app.invite(600));
  assert.match(invite, /#invite=/);
  const answer = await cleo.evaluate((invite) => app.accept(invite), invite);
  assert.equal(await ann.evaluate((answer) => app.accept(answer), answer), null);
  await comes(cleo, has("rioja"));
  await comes(bob, has("soave"));
  await comes(cleo, "() => app.status.peers.filter((p) => p.via === 'webrtc' && p.state === 'alive').length >= 2", 30_000);
});

test("an invite that is none, or was answered, is refused with a sentence", async () => {
  const refused = (p, text) => p.evaluate((text) => app.accept(text).then(() => "taken", (why) => why.message), text);
  assert.match(await refused(ann, "hello"), /copy the whole link/);
  assert.match(await refused(ann, await ann.evaluate(() => app.invite(600))), /own/);
  const invite = await ann.evaluate(() => app.invite(1));
  await new Promise((later) => setTimeout(later, 1100));
  assert.match(await refused(cleo, invite), /expired/);
});

/** begin opens the shop at a device that is to be let in by an invite, and returns what it answers. */
async function begin(p, invite) {
  await p.evaluate((invite) => {
    Object.assign(globalThis, { app: null, answer: "", failed: "" });
    import("/client.js")
      .then(({ open }) => open({ app: "shop on the phone", invite, answer: (text) => (globalThis.answer = text) }))
      .then((app) => (globalThis.app = app), (why) => (globalThis.failed = why.message));
  }, invite);
  await comes(p, "() => answer || failed");
  return p.evaluate(() => answer || failed);
}

test("a device that nobody has admitted is let in by a page, with no server: it is its user's, sees everything and writes", async () => {
  const refused = (p, text) => p.evaluate((text) => app.accept(text).then(() => "taken", (why) => why.message), text);
  assert.match(await ann.evaluate(() => app.invite(600, "bob").catch((why) => why.message)), /devices of ann alone/);
  const files = await servedAt(new URL(server.url).port, server.web); // in the place of the server, which is dead
  phone = await page(contexts[contexts.push(await held.browser.newContext()) - 1], server.url);
  assert.match(await begin(phone, await ann.evaluate(() => app.invite(600))), /lets nobody in/);
  const answer = await begin(phone, await ann.evaluate(() => app.invite(600, app.user)));
  assert.match(await refused(bob, answer), /no invite of this page/);
  const forged = await phone.evaluate(async (answer) => { // somebody on the way puts a key of his own in
    const unbase64 = (s) => Uint8Array.from(atob(s.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const through = (b, s) => new Response(new Blob([b]).stream().pipeThrough(s)).arrayBuffer();
    const said = JSON.parse(new TextDecoder().decode(await through(unbase64(answer.replace("invite=", "")), new DecompressionStream("deflate-raw"))));
    said.key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32)))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const packed = new Uint8Array(await through(new TextEncoder().encode(JSON.stringify(said)), new CompressionStream("deflate-raw")));
    return `invite=${btoa(String.fromCharCode(...packed)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
  }, answer);
  assert.match(await refused(ann, forged), /not the answer of whoever has the invite/);
  assert.equal(await ann.evaluate((answer) => app.accept(answer), answer), null);
  assert.match(await refused(ann, answer), /was answered/);
  await comes(phone, "() => app || failed");
  assert.deepEqual(await phone.evaluate(() => failed || [app.user, app.role, app.status.server]), ["ann", "client", false]);
  await comes(phone, has("soave"));
  await favour(phone, "malbec");
  await comes(bob, has("malbec"));
  assert.match(await phone.evaluate(() => app.invite(600, "ann").catch((why) => why.message)), /let in by an invite itself/);
  await files.close();
});

test("the server comes back: it takes what the new device has written, and the device in", async () => {
  await server.start();
  await comes(phone, via("websocket"), 30_000);
  await phone.evaluate(() => app.events.favour({ wine: "tannat" }).acked);
  await comes(cleo, has("tannat"), 30_000);
  const read = JSON.parse(await server.martinelli("read", "favourites"));
  assert.ok(["malbec", "tannat"].every((wine) => read.includes(wine)), `the server has ${read}`);
});

test("a page that closes is missed within seconds", async () => {
  const alive = await ann.evaluate(() => app.status.peers.filter((p) => p.state === "alive").length);
  await bob.close();
  await comes(ann, `() => app.status.peers.filter((p) => p.state === "alive").length < ${alive}`, 10_000);
});
