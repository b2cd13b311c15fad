// Cantina, the application that "make run" starts, as two people use it: ann on a
// phone, ben at a desk; with the server, when it is killed, and when it is back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browse, page } from "./browser.mjs";
import { looked } from "./looks.mjs";
import { comes } from "./people.mjs";
import { cantina } from "./world.mjs";

const held = browse();
const contexts = [];
let server, ann, ben, shared;
before(async () => (server = await cantina()));
after(() => Promise.all(contexts.map((c) => c.close().catch(() => {}))));

const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const desk = { viewport: { width: 1280, height: 860 } };
const still = { reducedMotion: "reduce", colorScheme: "light" };

/** arrive opens the application in a browser of one's own. */
async function arrive(kind) {
  const context = await held.browser.newContext({ ...kind, ...still });
  contexts.push(context);
  return page(context, server.url);
}

const go = async (p, screen) => {
  await p.getByRole("navigation").getByRole("link", { name: screen }).click();
  await p.getByRole("heading", { level: 1, name: screen }).waitFor();
};
/** bottles waits until the cellar in sight has these wines. */
const bottles = (p, wines) => p.waitForFunction((wines) =>
  JSON.stringify([...document.querySelectorAll("main.cellar .shelf .bottle")].map((b) => b.dataset.of).sort()) === JSON.stringify(wines), wines, { polling: 50 });
const linked = (p, via) => comes(p, `cantina.status.peers.some((p) => p.via === "${via}" && p.state === "alive")`, true);
const settled = (p) => comes(p, "[cantina.status.server, cantina.status.unsynced]", [true, 0], 60_000);

/** seek opens a wine of the shop by its words. */
async function seek(p, words) {
  await go(p, "Shop");
  await p.getByRole("searchbox", { name: "Search the catalogue" }).fill(words);
  await p.locator(".shelf .bottle").first().click();
  await p.getByRole("dialog").waitFor();
}

test("by keyboard alone a person enters, finds a wine and takes it into the cellar", async () => {
  ann = await arrive(phone);
  await ann.getByRole("textbox", { name: "Your name" }).waitFor();
  await looked(ann, "door");
  const { keyboard } = ann;
  const reach = async (locator) => {
    for (let i = 0; i < 40 && !(await locator.evaluate((e) => e === document.activeElement)); i++) await keyboard.press("Tab");
    assert.ok(await locator.evaluate((e) => e === document.activeElement), `${locator} is reached by Tab`);
  };
  await reach(ann.getByRole("textbox", { name: "Your name" }));
  await keyboard.type("ann");
  await keyboard.press("Enter");
  await ann.getByRole("heading", { name: "An empty cellar" }).waitFor();
  await looked(ann, "empty");
  await reach(ann.getByRole("link", { name: "Look around" }));
  await keyboard.press("Enter");
  await reach(ann.getByRole("searchbox", { name: "Search the catalogue" }));
  const first = await ann.locator(".shelf .bottle").first().getAttribute("data-of");
  await keyboard.press("Tab"); // over the three grapes
  await reach(ann.locator(".shelf .bottle").first());
  await keyboard.press("Enter");
  await ann.getByRole("dialog").waitFor();
  await reach(ann.getByRole("button", { name: "Into the cellar" }));
  await keyboard.press("Enter");
  await ann.getByText("It is in your cellar.").waitFor();
  await keyboard.press("Escape");
  await ann.getByRole("dialog").waitFor({ state: "hidden" });
  await go(ann, "Cellar");
  await bottles(ann, [first]);
  assert.equal(first, "w001");
});

test("a picture from a file is looked at on the phone, and brings its wine", async () => {
  await go(ann, "Scan");
  const picture = { name: "bottle.jpg", mimeType: "image/jpeg", buffer: Buffer.from(await (await fetch(`${server.url}samples/1.jpg`)).arrayBuffer()) };
  await ann.locator("input[type=file]").setInputFiles(picture);
  await ann.getByText("sure, in your cellar").waitFor();
  await go(ann, "Cellar");
  await bottles(ann, ["w001", "w011"]);
});

test("friends see each other's cellars, and a wine is shared", async () => {
  await go(ann, "Friends");
  await ann.getByRole("textbox", { name: "Make somebody a friend" }).fill("ben");
  await ann.getByRole("button", { name: "Add" }).click();
  ben = await arrive(desk);
  await ben.getByRole("textbox", { name: "Your name" }).fill("ben");
  await ben.getByRole("button", { name: "Enter" }).click();
  await ben.getByRole("button", { name: "ann 2" }).waitFor();
  await ben.goto(await ann.getByRole("textbox", { name: "Link to your name" }).inputValue());
  await ben.getByRole("button", { name: "Let ann in" }).click();
  await ann.getByRole("link", { name: "you see ben" }).waitFor();
  await seek(ben, "barbera");
  shared = await ben.getByRole("dialog").getByRole("button", { name: "Buy one" }).getAttribute("data-of");
  await ben.getByRole("dialog").getByRole("button", { name: "ann", exact: true }).click();
  await ben.getByText("has it").waitFor();
  await ben.keyboard.press("Escape");
  await go(ben, "Cellar");
  await bottles(ben, [shared]);
  await go(ann, "Cellar");
  await bottles(ann, ["w001", "w011", shared].sort());
});

test("a bottle is bought", async () => {
  await seek(ann, "grignolino");
  await ann.getByRole("button", { name: "Buy one" }).click();
  await ann.getByText("Bought. It is yours.").waitFor();
  await ann.getByRole("button", { name: "Close" }).click();
  await ann.getByRole("heading", { name: "Orders" }).waitFor();
  await ann.getByText("1 bottle,").waitFor();
});

test("the screens are whole, on a phone and at a desk, in light and in dark", async () => {
  for (const [p, name, schemes] of [[ann, "phone", ["light", "dark"]], [ben, "desk", ["dark"]]]) {
    for (const screen of ["Cellar", "Discover", "Scan", "Friends", "Shop"]) {
      await go(p, screen);
      await looked(p, `${name}-${screen.toLowerCase()}`, schemes);
    }
    await seek(p, "nebbiolo");
    await looked(p, `${name}-wine`, schemes);
    await p.keyboard.press("Escape");
    await p.getByRole("button", { name: "connection" }).click();
    await looked(p, `${name}-connections`, schemes);
    await p.keyboard.press("Escape");
  }
});

test("the server is killed: the two go on, and an order says that nothing was bought", async () => {
  await linked(ann, "webrtc");
  await linked(ben, "webrtc");
  for (const p of [ann, ben]) {
    await p.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
    await settled(p);
  }
  await server.kill();
  await comes(ann, "[cantina.status.server, cantina.status.online]", [false, true]);
  await seek(ann, "barbera bricco");
  ann.taken = await ann.getByRole("button", { name: "Buy one" }).getAttribute("data-of");
  await ann.getByRole("button", { name: "Buy one" }).click();
  await ann.getByText("No server can be reached. Nothing was bought.").first().waitFor();
  await ann.getByRole("button", { name: "Into the cellar" }).click();
  await ann.getByRole("button", { name: "Close" }).click();
  await ann.getByText("The shop is away.").waitFor();
  await looked(ann, "phone-away", ["dark"]);

  await go(ben, "Cellar");
  await ben.getByRole("button", { name: "ann 4" }).click();
  await bottles(ben, ["w001", "w011", ann.taken, shared].sort());
  await ben.locator(`.bottle[data-of=w001]`).click();
  await ben.getByRole("button", { name: "Throw out" }).click();
  await go(ann, "Cellar");
  await bottles(ann, ["w011", ann.taken, shared].sort());
});

test("both load again with no server: everything is there", async () => {
  for (const p of [ann, ben]) {
    await p.reload();
    await p.getByRole("button", { name: "connection" }).waitFor();
  }
  await go(ann, "Cellar");
  await bottles(ann, ["w011", ann.taken, shared].sort());
  await go(ann, "Scan");
  await ann.getByText("sure, in your cellar").waitFor();
  await go(ben, "Discover");
  await ben.getByText("in the cellar of ann").first().waitFor();
  await go(ben, "Cellar");
  await bottles(ben, [shared]);
  await looked(ben, "desk-offline", ["light"]);
  await seek(ben, "nebbiolo fontana");
  ben.taken = await ben.getByRole("button", { name: "Into the cellar" }).getAttribute("data-of");
  await ben.getByRole("button", { name: "Into the cellar" }).click();
  await ben.getByText("It is in your cellar.").waitFor();
  await ben.getByRole("button", { name: "Close" }).click();
});

test("the server is back: all come to the same, and nothing is lost", async () => {
  await server.start();
  await settled(ann);
  await settled(ben);
  const mine = ["w011", ann.taken, shared].sort(), his = [ben.taken, shared].sort();
  await go(ann, "Cellar");
  await bottles(ann, mine);
  await ann.getByRole("button", { name: "ben 2" }).click();
  await bottles(ann, his);
  await ben.evaluate(() => (location.hash = "cellar/ann"));
  await bottles(ben, mine);
  const at = Object.entries(await server.reads("favorites"));
  const of = (user) => at.filter(([key]) => JSON.parse(key)[0] === user).flatMap(([, favs]) => favs.map((f) => f.wine)).sort();
  assert.deepEqual([of("ann"), of("ben")], [mine, his]);
  assert.equal((await server.reads("orders")).ann.length, 1);
});
