// Whether it works in Firefox too.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import puppeteer from "puppeteer-core";
import { node } from "./world.mjs";

let browser, server;
before(async () => {
  server = await node(new URL("shop.mrt", import.meta.url).pathname);
  browser = await puppeteer.launch({ browser: "firefox", executablePath: process.env.FIREFOX, headless: true, protocol: "webDriverBiDi" });
});
after(() => browser?.close());

const open = (p, user) => p.evaluate(async (user) => {
  const { open } = await import("/client.js");
  globalThis.app = await open({ app: "shop", user });
  return [app.user, app.isLeader, app.databases.favourites.value];
}, user);

test("Firefox: what is written is there after a reload with no server, and comes to others when it is back", async () => {
  const p = await browser.newPage();
  await p.goto(server.url);
  assert.deepEqual(await open(p, "fox"), ["fox", true, []]);
  await p.evaluate(() => app.events.favour({ wine: "barolo" }).acked);
  await p.evaluate(async () => {
    await navigator.serviceWorker.register("./offline.js");
    await navigator.serviceWorker.ready;
  });
  const further = await browser.newPage();
  await further.goto(server.url);
  assert.deepEqual(await open(further, "fox"), ["fox", false, ["barolo"]]);
  await further.close();

  await server.kill();
  await p.evaluate(() => app.events.favour({ wine: "offline" }).durable);
  await p.reload();
  assert.deepEqual(await open(p, "fox"), ["fox", true, ["barolo", "offline"]]);
  await server.start();
  await p.waitForFunction(() => app.status.server && app.status.unsynced === 0, { timeout: 20_000 });
  assert.deepEqual(JSON.parse(await server.martinelli("read", "favourites", "--json")), ["barolo", "offline"]);
});

test("Firefox: two pages that met at the server go on without it, page to page", async () => {
  const pages = [];
  for (const user of ["fay", "finn"]) {
    const p = await (await browser.createBrowserContext()).newPage();
    await p.goto(server.url);
    await open(p, user);
    pages.push(p);
  }
  const [fay, finn] = pages;
  for (const p of pages) await p.waitForFunction(() => app.status.peers.some((p) => p.via === "webrtc" && p.state === "alive"), { timeout: 60_000 });
  await server.kill();
  await fay.evaluate(() => app.events.favour({ wine: "page to page" }).durable);
  await finn.waitForFunction(() => app.databases.favourites.value.includes("page to page"), { timeout: 60_000 });
});
