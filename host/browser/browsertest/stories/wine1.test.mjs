// Version 1 of examples/wine in the same pages: everything is computed at the
// server, and a phone uploads and pulls.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { browse, page } from "./browser.mjs";
import { comes } from "./people.mjs";
import { cantina } from "./world.mjs";

const held = browse();
let server;
before(async () => (server = await cantina(1)));

test("a picture goes to the server, and what it shows comes back; without the server it waits", async () => {
  const p = await page(await held.browser.newContext({ viewport: { width: 390, height: 844 }, reducedMotion: "reduce" }), server.url);
  await p.getByRole("textbox", { name: "Your name" }).fill("ann");
  await p.getByRole("button", { name: "Enter" }).click();
  const go = (screen) => p.getByRole("navigation").getByRole("link", { name: screen }).click();
  await go("Scan");
  await p.getByRole("button", { name: "Sample picture 1" }).click();
  await p.getByText("sure, in your cellar").waitFor();
  await go("Discover");
  await p.getByText("First of all").waitFor();
  await go("Friends");
  await p.getByRole("textbox", { name: "Make somebody a friend" }).fill("ben");
  await p.getByRole("button", { name: "Add" }).click();
  await p.getByText("sees your cellar; you don’t see ben’s yet").waitFor();
  assert.deepEqual((await server.reads("friends")).ann, ["ben"]);

  await server.kill();
  await comes(p, "cantina.status.server", false);
  await go("Scan");
  await p.getByRole("button", { name: "Sample picture 2" }).click();
  await p.getByText("The picture is safe on this device.").waitFor();
  await comes(p, "cantina.status.pending > 0", true);
  await server.start();
  await p.waitForFunction(() => document.querySelectorAll("main.scan .list .text .how").length === 2);
});
