// Tabs, their leader and their cache, before a worker that stories can upset.

import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { browse, page } from "./browser.mjs";
import { served } from "./served.mjs";

const held = browse();
let files, context;
before(async () => (files = await served(new URL("fake", import.meta.url).pathname, process.env.PAGE)));
after(() => files?.close());
beforeEach(async () => (context = await held.browser.newContext()));
afterEach(() => context.close());

/** tab opens the application in a further tab. */
async function tab(options = {}) {
  const p = await page(context, files.url);
  await p.evaluate(async (options) => {
    const { open } = await import("/client.js");
    globalThis.app = await open({ app: "fake", ...options });
    globalThis.tags = () => app.databases.tags.value;
  }, options);
  return p;
}

/** comes waits until what a tab says is as expected. */
async function comes(p, f, expected) {
  await p.waitForFunction(([f, text]) => JSON.stringify(new Function(`return ${f}`)()) === text, [f, JSON.stringify(expected)], { timeout: 5000 })
    .catch(async () => assert.deepEqual(await p.evaluate(f), expected));
}

test("what is written is at hand, in order, in every tab, and listeners hear of it once", async () => {
  const a = await tab();
  assert.deepEqual(await a.evaluate(async () => {
    let heard = 0;
    app.databases.tags.subscribe(() => heard++);
    const before = tags();
    const raised = ["red", "blue", "\u{1F377}", "\uFFFD"].map((tag) => app.events.tag({ tag }));
    await Promise.all(raised.map((r) => r.durable));
    await raised[0].acked;
    return [before, tags(), tags() === tags(), heard, app.views.size.value, await raised[0].outcome, await raised[0].final];
  }), [[], ["blue", "red", "\uFFFD", "\u{1F377}"], true, 1, 4, { state: "committed" }, { state: "committed" }]);
  const b = await tab();
  assert.deepEqual(await b.evaluate("tags()"), ["blue", "red", "\uFFFD", "\u{1F377}"]);
  assert.deepEqual([await a.evaluate("app.isLeader"), await b.evaluate("app.isLeader")], [true, false]);
  await b.evaluate(async () => {
    await app.events.untag({ tag: "red" }).durable;
    await app.events.tag({ tag: "green" }).durable;
    await app.events.hit({ page: "p" }).durable;
    await app.events.hit({ page: "p" }).durable;
  });
  await comes(a, "[tags(), app.databases.hits.at('p'), app.databases.hits.at('q'), app.databases.hits.value]", [["blue", "green", "\uFFFD", "\u{1F377}"], 2, 0, { p: 2 }]);
});

test("the leader closes: another leads, and what had no answer is sent again and runs once", async () => {
  const a = await tab(), b = await tab();
  await a.evaluate(() => app.events.tag({ tag: "before" }).durable);
  await a.evaluate(() => void app.events.mute()); // from now on the worker runs what it is told and answers nobody
  await b.evaluate(() => {
    globalThis.handed = new Promise((resolve) => app.on("handover", resolve));
    globalThis.raised = [1, 2, 3].map((n) => app.events.hit({ page: `n${n}` }));
  });
  await comes(a, "app.isLeader", true);
  await a.close();
  assert.deepEqual(await b.evaluate(async () => {
    const { isLeader } = await handed;
    await Promise.all(raised.map((r) => r.acked));
    const ran = await app.read("ran");
    return [isLeader, ran.filter((r) => r.startsWith("hit")), app.databases.hits.value, tags()];
  }), [true, ["hit n1", "hit n2", "hit n3"], { n1: 1, n2: 1, n3: 1 }, ["before"]]);
});

test("a worker that dies is started again, and its tabs go on", async () => {
  const a = await tab(), b = await tab();
  await b.evaluate(() => app.events.tag({ tag: "kept" }).durable);
  await a.evaluate(() => {
    globalThis.failed = new Promise((resolve) => app.on("failed", resolve));
    globalThis.died = app.events.die();
  });
  const failed = await a.evaluate("failed");
  assert.equal(failed.final, false);
  assert.deepEqual(await b.evaluate(() => app.events.tag({ tag: "later" }).durable.then(tags)), ["kept", "later"]);
  assert.equal(await a.evaluate("died.outcome.then((o) => o.why)"), "broken"); // and is not tried for ever
  assert.deepEqual(await a.evaluate(() => app.events.tag({ tag: "still" }).durable.then(tags)), ["kept", "later", "still"]);
});

test("what is refused says why", async () => {
  const a = await tab();
  assert.deepEqual(await a.evaluate(async () => {
    const heard = [];
    app.on("aborted", (a) => heard.push(a.event, a.why));
    const raised = app.events.never();
    const why = await raised.durable.catch((e) => [e.name, e.why, e.detail]);
    const secret = await app.databases.secret.loaded.catch((e) => e.why);
    return [why, await raised.outcome, heard, secret, app.databases.secret.value];
  }), [["Aborted", "never", "it never does"], { state: "aborted", why: "never", detail: "it never does" }, ["never", "never"], "denied", false]);
  const error = await page(context, files.url).then((p) => p.evaluate(() =>
    import("/client.js").then(({ open }) => open({ app: "other", role: "nobody" })).catch((e) => [e.name, e.kind])));
  assert.deepEqual(error, ["Failed", "admit"]);
});

test("serial events tell their outcome; those of the home pend, each in a lane", async () => {
  const a = await tab();
  assert.deepEqual(await a.evaluate(async () => {
    const bought = await app.events.buy().outcome;
    const orders = [app.events.order(), app.events.order({}, { now: true })];
    const items = await Promise.all(orders.map((o) => o.outcome));
    return [bought, items.map((i) => [i.state, i.item.replace(/^.*(\.\d)/, "$1")])];
  }), [{ state: "committed" }, [["pending", ".0/1 true"], ["pending", ".1/1 false"]]]);
});

test("a tab that is reloaded goes on in its stream, and a copy of it has its own", async () => {
  const a = await tab();
  const id = () => app.events.tag({ tag: crypto.randomUUID() });
  const raised = async (p) => (await p.evaluate(`(async () => { const r = (${id})(); await r.durable; return r.id; })()`)).split(":");
  const first = await raised(a);
  await a.reload();
  await a.evaluate(async () => (globalThis.app = await (await import("/client.js")).open({ app: "fake" })));
  const second = await raised(a);
  assert.equal(second[0], first[0]);
  assert.ok(Number(second[1]) > Number(first[1]), `${second} after ${first}`);
  const [copy] = await Promise.all([context.waitForEvent("page"), a.evaluate((url) => void window.open(url), files.url)]);
  await copy.evaluate(async () => (globalThis.app = await (await import("/client.js")).open({ app: "fake" })));
  assert.notEqual((await raised(copy))[0], first[0]);
});

test("closing lets go of everything", async () => {
  const a = await tab(), b = await tab();
  await a.evaluate(() => app.close());
  await comes(b, "app.isLeader", true);
  assert.deepEqual(await a.evaluate(() => app.events.tag({ tag: "x" }).outcome.then((o) => o.why)), "closed");
  assert.deepEqual(await a.evaluate(async () => {
    const again = await (await import("/client.js")).open({ app: "fake" });
    return again.isLeader;
  }), false);
});
