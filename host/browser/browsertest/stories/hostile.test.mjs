// A page that was let in and means harm, to a server and to another page: it is
// hung up on or heard to no effect, and the others go on.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";
import { browse, page } from "./browser.mjs";
import { comes, person } from "./people.mjs";
import { served } from "./served.mjs";
import { node } from "./world.mjs";

const held = browse();
const app = { app: "diary" };
let server, ann, mallory, assaults;
before(async () => {
  server = await node(new URL("hostile.mrt", import.meta.url).pathname, {
    "hostile.js": await readFile(new URL("hostile.js", import.meta.url)),
    "lawless.plan": Buffer.from(await (await fetch(`${process.env.FORGE}/lawless`)).arrayBuffer()),
  });
});

const linked = (p, via) => comes(p, `app.status.peers.some((p) => p.via === "${via}" && p.state === "alive")`, true, 60_000);
const tags = "app.databases.tags.value";
const said = [];

/** goesOn lets ann say something, and waits until the server has it: she is not in anybody's way. */
async function goesOn() {
  said.push(`tag ${said.length}`);
  await ann.evaluate((tag) => app.events.tag({ tag }).durable, said.at(-1));
  const there = await server.reads("tags", (tags) => tags.includes(said.at(-1)));
  assert.deepEqual(there.sort(), said.toSorted());
  assert.deepEqual((await ann.evaluate(tags)).toSorted(), said.toSorted());
}

test("a page of another origin is let in nowhere", async () => {
  const elsewhere = await served();
  const p = await page(await held.browser.newContext(), elsewhere.url);
  const tried = await p.evaluate(async (url) => {
    const over = (channel) => new Promise((resolve) => {
      const s = new WebSocket(`${url.replace("http", "ws")}v1/link?channel=${channel}`, "martinelli-link");
      s.onopen = () => resolve("open");
      s.onerror = () => resolve("refused");
    });
    const admitted = await fetch(`${url}v1/admit`, { method: "POST", body: "{}" }).then((a) => a.status, () => "refused");
    return [await over("control"), await over("bulk"), admitted];
  }, server.url);
  assert.deepEqual(tried, ["refused", "refused", "refused"]);
  await elsewhere.close();
});

test("a page with a pass is linked to the server and to another page", async () => {
  ann = await person(held, server, "ann", app);
  mallory = await person(held, server, "mallory", { ...app, worker: "./hostile.js" });
  await ann.evaluate(() => {
    globalThis.lost = 0;
    app.subscribe(() => (lost += app.status.server ? 0 : 1));
  });
  await linked(mallory, "webrtc");
  await goesOn();
  await comes(mallory, tags, said);
  assaults = await (await fetch(`${process.env.FORGE}/assaults?cluster=${await ann.evaluate("app.cluster")}`)).json();
});

for (const via of ["websocket", "webrtc"]) {
  test(`over ${via}: what can't be read ends the link, what is forged is nothing`, async () => {
    for (const { bytes, ...how } of assaults) {
      await mallory.evaluate(async ({ text, ...how }) => {
        const orders = new BroadcastChannel("hostile");
        const done = new Promise((resolve) => (orders.onmessage = resolve));
        orders.postMessage({ ...how, bytes: Uint8Array.from(atob(text), (c) => c.charCodeAt(0)) });
        await done;
      }, { ...how, via, text: bytes });
      await goesOn();
    }
    await linked(mallory, via);
  });
}

test("a page that runs another program writes nothing where it may not, and is given nothing", async () => {
  await ann.evaluate(() => app.events.note({ text: "milk" }).acked);
  const max = await person(held, server, "max", { ...app, plan: "/lawless.plan" });
  await max.evaluate(() => app.events.note({ text: "mine" }).acked);
  for (let i = 0; i < 20; i++) await max.evaluate((i) => app.events.slip({ whose: "ann", text: `poison ${i}` }).durable, i);
  await max.evaluate(() => app.events.note({ text: "and mine" }).durable);
  await ann.evaluate(() => app.events.note({ text: "tea" }).acked);
  const notes = await server.reads("notes", (notes) => notes.max?.length === 2);
  assert.deepEqual([notes.ann.sort(), notes.max.sort()], [["milk", "tea"], ["and mine", "mine"]]);
  assert.deepEqual(await ann.evaluate("app.databases.notes.at('ann').toSorted()"), ["milk", "tea"]);
  assert.ok(!(await max.evaluate("app.databases.notes.at('ann')")).includes("milk"));
});

test("meanwhile nobody else lost a link", async () => {
  assert.equal(await ann.evaluate("lost"), 0);
  await goesOn();
  await comes(mallory, `${tags}.toSorted()`, said.toSorted());
});
