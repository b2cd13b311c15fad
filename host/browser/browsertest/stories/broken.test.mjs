// A node that breaks, and a store that is gone: what was acknowledged is there,
// what had no answer runs once, and the page goes on.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";
import { browse } from "./browser.mjs";
import { comes, open, person, tab } from "./people.mjs";
import { node } from "./world.mjs";

const held = browse();
const app = { app: "upset", worker: "./upset.js", modules: { "wasm:weigh.wasm": "./weigh.wasm" } };
let server, ann, other, bob;
before(async () => {
  const folder = process.env.UPSET;
  server = await node(folder, { "upset.js": await readFile(new URL("upset.js", import.meta.url)), "weigh.wasm": await readFile(`${folder}/weigh.wasm`) });
});

test("a page with a function of WebAssembly, and a tab beside it", async () => {
  ann = await person(held, server, "ann", app);
  other = await tab(ann, "ann", app);
  bob = await person(held, server, "bob", app);
  await ann.evaluate(() => {
    globalThis.failures = [];
    app.on("failed", (f) => failures.push(f));
    globalThis.upset = new BroadcastChannel("upset");
    globalThis.upsets = (how) => new Promise((heard) => ((upset.onmessage = () => heard()), upset.postMessage(how)));
  });
});

const words = "app.databases.words.value";
const say = (p, word) => p.evaluate((word) => app.events.say({ word }).durable, word);

for (const [how, told] of [["panic", /broken invariant.*bounds out of range/], ["garbage", /malformed/], ["trap", /unreachable/]]) {
  test(`a node that breaks by a ${how} is opened again from its journal`, async () => {
    const had = await ann.evaluate(words);
    await Promise.all([say(ann, `${how} before`), say(other, `${how} before, beside`)]);
    await ann.evaluate((how) => upsets(how), how);
    await Promise.all([say(ann, `${how} during`), say(other, `${how} during, beside`)]); // they are sent again
    const failures = await ann.evaluate("failures.splice(0)");
    assert.deepEqual(failures.map((f) => [f.kind, f.final]), [["broken", false]]);
    assert.match(failures[0].text, told);
    const now = [...had, `${how} before`, `${how} before, beside`, `${how} during`, `${how} during, beside`].sort();
    for (const p of [ann, other, bob]) await comes(p, `${words}.toSorted()`, now);
    assert.deepEqual((await server.reads("words", (words) => words.length === now.length)).sort(), now);
  });
}

test("a function that traps, and a browser that lies about one, end their call alone", async () => {
  const weigh = (word) => ann.evaluate((word) => app.events.weigh({ word }).durable.then(() => "weighed", (e) => [e.why, e.detail]), word);
  await ann.evaluate(() => upsets("lie"));
  assert.match((await weigh("light")).join(), /^import,weigh panicked/);
  assert.equal(await weigh("light"), "weighed");
  assert.deepEqual(await weigh("x".repeat(100)), ["import", "weigh: weigh stopped: it trapped"]);
  assert.equal(await weigh("lighter"), "weighed");
  assert.equal(await ann.evaluate("app.databases.weights.value.length"), 2);
  assert.deepEqual(await ann.evaluate("failures"), []);
});

/** away takes a page from the application, so that nothing of it is held open. */
const away = (p) => p.goto("about:blank");

test("all storage is taken away: it is told, and what others have comes back", async () => {
  const eve = await person(held, server, "eve", app);
  await eve.evaluate(() => app.events.say({ word: "eve's" }).acked);
  const had = await bob.evaluate(words), replica = await eve.evaluate("app.replica");
  await comes(eve, "app.status.storage.state", "good");
  await away(eve);
  const cdp = await eve.context().newCDPSession(eve);
  await cdp.send("Storage.clearDataForOrigin", { origin: new URL(server.url).origin, storageTypes: "file_systems,indexeddb,service_workers,cache_storage" });
  await eve.goto(server.url);
  await open(eve, "eve", app);
  assert.equal(await eve.evaluate("app.opened.isFirst"), true);
  await comes(eve, "app.status.storage.state", "evicted");
  assert.match(await eve.evaluate("app.status.storage.text"), /taken away/);
  await comes(eve, `${words}.toSorted()`, [...new Set([...had, "eve's"])].sort());
  assert.notEqual(await eve.evaluate("app.replica"), replica);
  await say(eve, "eve's again");
  await comes(bob, `${words}.includes("eve's again")`, true);
});

test("the journal alone is taken away: the page goes on as another replica", async () => {
  const fay = await person(held, server, "fay", app);
  await fay.evaluate(() => app.events.say({ word: "fay's" }).acked);
  const replica = await fay.evaluate("app.replica");
  await fay.evaluate(() => app.close());
  await fay.evaluate(async () => (await navigator.storage.getDirectory()).removeEntry("martinelli", { recursive: true }));
  await fay.reload();
  await open(fay, "fay", app);
  await comes(fay, "app.status.storage.state", "evicted");
  await comes(fay, `${words}.includes("fay's")`, true);
  assert.notEqual(await fay.evaluate("app.replica"), replica);
  await say(fay, "fay's again");
  await comes(bob, `${words}.includes("fay's again")`, true);
  await fay.reload();
  await open(fay, "fay", app);
  await comes(fay, `[app.status.storage.state, ${words}.includes("fay's again")]`, ["good", true]);
});
