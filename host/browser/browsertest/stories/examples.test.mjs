// The examples, as a person uses them.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { accessible } from "./axe.mjs";
import { browse, page } from "./browser.mjs";
import { node } from "./world.mjs";

const held = browse();
const examples = new URL("../../../../examples/", import.meta.url);

test("examples/page: a list by keyboard, for two, with and without a server", async () => {
  const server = await node(new URL("page/list.mrt", examples).pathname, { "index.html": await readFile(new URL("page/index.html", examples)) });
  const person = async (user) => page(await held.browser.newContext({ viewport: { width: 390, height: 844 } }), `${server.url}?user=${user}`);
  const ann = await person("ann"), ben = await person("ben");
  await ann.waitForFunction(() => document.querySelector("[role=status]").textContent.includes("linked"));
  await ann.keyboard.press("Tab");
  await ann.keyboard.type("bread & butter");
  await ann.keyboard.press("Enter");
  await ben.getByText("bread & butter").waitFor();
  assert.equal(await ben.locator("li small").textContent(), "ann");
  await accessible(ann);

  await ann.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  await server.kill();
  await ann.reload();
  await ann.getByText("bread & butter").waitFor();
  await ann.waitForFunction(() => document.querySelector("[role=status]").textContent.includes("offline"));
  await ann.getByRole("button", { name: "Got it: bread & butter" }).press("Enter");
  await ann.waitForFunction(() => document.querySelectorAll("li").length === 0);
  await server.start();
  await ben.waitForFunction(() => document.querySelectorAll("li").length === 0, null, { timeout: 20_000 });
});
