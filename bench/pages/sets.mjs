// 100,000 map sets in a page, each a commit or a thousand in one, beside the
// peers that make as many in one transaction, in memory and in Node.js, whose
// engine is the page's. A line each; main.go says how they are made.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { CHROMIUM, MARTINELLI, PAGE, ROOT } = process.env;
const tests = join(ROOT, "host/browser/browsertest");
const { chromium } = createRequire(join(tests, "package.json"))("playwright-core");
const peer = createRequire(join(ROOT, "bench/peers/package.json"));
const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
const count = 100_000, keys = Array.from({ length: count }, (_, i) => `k${i}`);

const say = (what, took, beside = "") => console.log(`${what.padEnd(58)} ${`${Math.round(count / (took / 1000))} /s`.padStart(16)}  ${beside}`);

/** alone is the time of f in milliseconds. */
function alone(f) {
  const begun = performance.now();
  f();
  return performance.now() - begun;
}

const peers = {
  Yjs() {
    const Y = peer("yjs"), doc = new Y.Doc(), map = doc.getMap("m");
    return alone(() => doc.transact(() => keys.forEach((k, i) => map.set(k, i))));
  },
  Loro() {
    const { LoroDoc } = peer("loro-crdt"), doc = new LoroDoc(), map = doc.getMap("m");
    return alone(() => {
      keys.forEach((k, i) => map.set(k, i));
      doc.commit();
    });
  },
  Automerge() {
    const A = peer("@automerge/automerge");
    return alone(() => A.change(A.init(), (doc) => keys.forEach((k, i) => (doc[k] = i))));
  },
};

const dir = await mkdtemp(join(tmpdir(), "martinelli-sets-"));
const http = `127.0.0.1:${10_000 + Math.floor(Math.random() * 10_000)}`, url = `http://${http}/`;
const server = spawn(MARTINELLI, ["run", join(tests, "figures/cells.mrt"), "--dir", join(dir, "node"), "--http", http, "--listen", "127.0.0.1:0", "--web", PAGE, "--open-login"], { stdio: "ignore" });
let context;
try {
  while (!(await fetch(`${url}healthz`).catch(() => null))?.ok) await new Promise((again) => setTimeout(again, 50));
  context = await chromium.launchPersistentContext(join(dir, "profile"), { executablePath: CHROMIUM, args });
  const page = await context.newPage();
  await page.goto(url);
  await page.evaluate(async () => {
    const { open } = await import("/client.js");
    globalThis.app = await open({ app: "sets", user: "ann" });
  });
  const filled = await page.evaluate(async (count) => {
    const begun = performance.now(), all = [];
    for (let i = 0; i < count; i += 1000) all.push(app.events.fill({ all: Array.from({ length: 1000 }, (_, j) => ({ key: `k${i + j}`, n: i + j })) }).durable);
    await Promise.all(all);
    return performance.now() - begun;
  }, count);
  say("100,000 map sets, 1,000 in an event: signed and durable", filled);
  for (const [name, sets] of Object.entries(peers)) say(`100,000 map sets of ${name}, one transaction in memory`, sets());
  const each = await page.evaluate(async (count) => {
    const begun = performance.now();
    await Promise.all(Array.from({ length: count }, (_, i) => app.events.set({ key: `e${i}`, n: i }).durable));
    return performance.now() - begun;
  }, count);
  say("100,000 map sets, an event each: signed and durable", each);
} finally {
  await context?.close();
  server.kill("SIGKILL");
  await rm(dir, { recursive: true, force: true });
}
