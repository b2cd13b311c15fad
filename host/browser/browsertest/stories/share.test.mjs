// The story of a shop: two people, a server that dies, and what goes on.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { browse } from "./browser.mjs";
import { comes, favour, favourites, kept, open, person, tab } from "./people.mjs";
import { node } from "./world.mjs";

const held = browse();
const program = new URL("shop.mrt", import.meta.url).pathname;
let server;
before(async () => (server = await node(program)));

let ann, bob;

test("two people share while there is a server", async () => {
  ann = await person(held, server, "ann");
  bob = await person(held, server, "bob");
  assert.deepEqual(await ann.evaluate("[app.user, app.role]"), ["ann", "client"]);
  await favour(ann, "barolo");
  await comes(bob, favourites, ["barolo"]);
  await favour(bob, "rioja");
  await comes(ann, favourites, ["barolo", "rioja"]);
  await ann.evaluate(() => app.events.favour({ wine: "dão" }).acked);
  assert.deepEqual(JSON.parse(await server.martinelli("read", "favourites", "--json")), ["barolo", "dão", "rioja"]);
  await comes(ann, "app.views.count.value", 3);
  await comes(ann, "[app.status.online, app.status.server, app.status.unsynced]", [true, true, 0]);
});

test("what is replicated by user stays with the user", async () => {
  await ann.evaluate(() => app.events.note({ text: "secret" }).acked);
  assert.deepEqual(await ann.evaluate("app.databases.diary.at('ann')"), ["secret"]);
  assert.deepEqual(await bob.evaluate("app.databases.diary.value"), {});
});

test("a serial event commits, or aborts with its reason", async () => {
  await server.martinelli("raise", "deliver", '{"wine_id":"barolo","n":1}');
  assert.deepEqual(await ann.evaluate(() => app.events.buy({ wine_id: "barolo" }).final), { state: "committed" });
  const refused = await bob.evaluate(() => app.events.buy({ wine_id: "barolo" }).final);
  assert.deepEqual([refused.state, refused.why], ["aborted", "sold_out"]);
});

test("tabs of one browser share a node; the one that has it goes, and another goes on", async () => {
  const second = await tab(ann, "ann");
  assert.equal(await second.evaluate("app.replica"), await ann.evaluate("app.replica"));
  await favour(second, "second");
  await comes(ann, favourites, ["barolo", "dão", "rioja", "second"]);
  const third = await tab(ann, "ann");
  await ann.close();
  await second.evaluate(() => Promise.all([app.events.drop({ wine: "second" }).acked, app.events.favour({ wine: "tab" }).acked]));
  await comes(third, favourites, ["barolo", "dão", "rioja", "tab"]);
  await comes(bob, favourites, ["barolo", "dão", "rioja", "tab"]);
  await third.close();
  ann = second;
});

test("the server is killed: a page loads again from what it has, and goes on", async () => {
  await kept(ann);
  const replica = await ann.evaluate("app.replica");
  await server.kill();
  await comes(ann, "app.status.server", false);
  await favour(ann, "offline");
  await ann.reload();
  await open(ann, "ann");
  assert.deepEqual(await ann.evaluate(`[app.replica === ${JSON.stringify(replica)}, app.opened.isFirst, ${favourites}]`), [true, false, ["barolo", "dão", "offline", "rioja", "tab"]]);
  assert.ok((await ann.evaluate("app.status.unsynced")) > 0 || (await ann.evaluate("new Promise((r) => app.subscribe(() => r(app.status.unsynced)))")) > 0);
  const order = await ann.evaluate(() => app.events.buy({ wine_id: "barolo" }).outcome);
  assert.ok(order.state === "pending" || order.why === "unreachable", JSON.stringify(order));
  await favour(bob, "bob's offline");
});

test("the server comes back: all converge, and nothing is lost", async () => {
  await server.start();
  const all = ["barolo", "bob's offline", "dão", "offline", "rioja", "tab"];
  await comes(bob, favourites, all, 20_000);
  await comes(ann, favourites, all);
  await comes(ann, "app.status.unsynced", 0);
  assert.deepEqual(JSON.parse(await server.martinelli("read", "favourites", "--json")), all);
});

test("a full disk is told, reads go on, and writes do once there is space", async () => {
  const eve = await person(held, server, "eve");
  await comes(eve, `[app.status.storage.state, ${favourites}.includes("rioja")]`, ["good", true]);
  const cdp = await eve.context().newCDPSession(eve);
  const origin = new URL(server.url).origin;
  await cdp.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
  const why = await eve.evaluate(async () => {
    for (let i = 0; i < 200; i++) {
      const outcome = await Promise.race([app.events.note({ text: "x".repeat(20_000) + i }).outcome, new Promise((r) => setTimeout(r, 3000, { why: "late" }))]);
      if (outcome.state !== "committed") return outcome.why;
    }
    return "never full";
  });
  assert.ok(["storage_full", "late"].includes(why), why);
  await comes(eve, "app.status.storage.state", "full");
  assert.equal(await eve.evaluate(() => app.events.favour({ wine: "none" }).outcome.then((o) => o.why)), "storage_full");
  assert.ok((await eve.evaluate(favourites)).includes("rioja"));
  await cdp.send("Storage.overrideQuotaForOrigin", { origin });
  await comes(eve, "app.status.storage.state", "good");
  await favour(eve, "with space");
  await comes(bob, `${favourites}.includes("with space")`, true);
});
