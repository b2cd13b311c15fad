// Pages among themselves: two that met at a server go on without it, over a
// connection of their own; a third in the same browser joins with no network.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browse, page } from "./browser.mjs";
import { node } from "./world.mjs";

const held = browse();
const contexts = [];
let server, ann, bob;
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
});

test("the server is killed: favourites go both ways", async () => {
  await server.kill();
  await favour(ann, "barolo");
  await comes(bob, has("barolo"));
  await favour(bob, "rioja");
  await comes(ann, has("rioja"));
  await comes(ann, "() => !app.status.server && app.status.online");
});

test("a page that closes is missed within seconds", async () => {
  const cleo = await ann.evaluate(() => app.status.peers.length);
  await bob.close();
  await comes(ann, `() => app.status.peers.filter((p) => p.state === "alive").length < ${cleo}`, 10_000);
});
