// People with a browser each, and the application open in it.

import assert from "node:assert/strict";
import { page } from "./browser.mjs";

/** person gives a user a browser of his own with the application open in one tab. */
export async function person(held, server, user, more = {}) {
  const context = await held.browser.newContext();
  const p = await page(context, server.url);
  await open(p, user, more);
  return p;
}

/** tab opens a further tab beside p. */
export async function tab(p, user, more = {}) {
  const further = await page(p.context(), p.url());
  await open(further, user, more);
  return further;
}

/** open opens the application; what it took is in globalThis.took, in milliseconds. */
export async function open(p, user, more = {}) {
  await p.evaluate(async (options) => {
    const begun = performance.now();
    const { open } = await import("/client.js");
    globalThis.app = await open(options);
    globalThis.took = performance.now() - begun;
  }, { app: "shop", user, ...more });
}

/** comes waits until what a tab says is as expected. */
export async function comes(p, f, expected, timeout = 15_000) {
  await p.waitForFunction(([f, text]) => JSON.stringify(new Function(`return ${f}`)()) === text, [f, JSON.stringify(expected)], { timeout, polling: 20 })
    .catch(async () => assert.deepEqual(await p.evaluate(f), expected, JSON.stringify(await p.evaluate("app.status"))));
}

export const favourites = "app.databases.favourites.value";
export const favour = (p, wine) => p.evaluate((wine) => app.events.favour({ wine }).durable, wine);

/** kept makes the page's files stay with it, so that it loads with no server. */
export async function kept(p) {
  await p.evaluate(async () => {
    await navigator.serviceWorker.register("./offline.js");
    await navigator.serviceWorker.ready;
  });
}
