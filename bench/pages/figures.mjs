// The figures of pages, a line each; main.go says how they are made.

import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const { CHROMIUM, MARTINELLI, PAGE, ROOT } = process.env;
const stories = join(ROOT, "host/browser/browsertest");
const { chromium } = createRequire(join(stories, "package.json"))("playwright-core");
const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];

const say = (what, figure, beside = "") => console.log(`${what.padEnd(58)} ${String(figure).padStart(16)}  ${beside}`);
const sorted = (ns) => [...ns].sort((a, b) => a - b);
const p50 = (ns) => sorted(ns)[ns.length >> 1];
const ms = (n) => `${n < 10 ? n.toFixed(2) : n.toFixed(0)} ms`;

// ------------------------------------------------------------------ weight

const KB = (n) => `${Math.round(n / 1024)} KB`;
const brotli = (data) => brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: data.length } }).length;
const files = async (...names) => Promise.all(names.map((n) => readFile(join(PAGE, n))));
const shim = await files("client.js", "worker.js"), later = await files("peers.js", "rtc.js", "idb.js");
const wasm = (await stat(join(PAGE, "page.wasm.br"))).size;
const scripts = [...shim, ...later].map(brotli).reduce((a, b) => a + b);

/** heaviest is the heaviest module in WebAssembly of a package. */
async function heaviest(name) {
  const dir = join(ROOT, "bench/peers/node_modules", name);
  let most = null;
  for (const f of await readdir(dir, { recursive: true })) {
    if (!f.endsWith(".wasm")) continue;
    const data = await readFile(join(dir, f));
    if (!most || data.length > most.length) most = data;
  }
  return most;
}
const peers = [];
for (const name of ["@automerge/automerge", "loro-crdt"]) peers.push(`${name} ${KB(brotli(await heaviest(name)))}`);
say("runtime with persistence and P2P, brotli", KB(wasm + scripts), `wasm of ${peers.join(", ")}`);
say("client and worker, gzip", KB(shim.map((s) => gzipSync(s, { level: 9 }).length).reduce((a, b) => a + b)), "behind them peers, rtc, idb: " + KB(later.map((s) => gzipSync(s, { level: 9 }).length).reduce((a, b) => a + b)));

// ----------------------------------------------------------------- a world

const dir = await mkdtemp(join(tmpdir(), "martinelli-figures-"));
const http = `127.0.0.1:${10_000 + Math.floor(Math.random() * 10_000)}`, url = `http://${http}/`;
let server;
async function serve() {
  server = spawn(MARTINELLI, ["run", join(stories, "stories/shop.mrt"), "--dir", join(dir, "node"), "--http", http, "--listen", "127.0.0.1:0", "--web", PAGE, "--open-login"], { stdio: "ignore" });
  while (!(await fetch(`${url}healthz`).catch(() => null))?.ok) await new Promise((again) => setTimeout(again, 50));
}
async function kill() {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGKILL");
  await gone;
}
await serve();
const disk = await chromium.launchPersistentContext(join(dir, "profile"), { executablePath: CHROMIUM, args });
const browser = await chromium.launch({ executablePath: CHROMIUM, args });
const ending = [() => disk.close(), () => browser.close(), kill, () => rm(dir, { recursive: true, force: true })];

/** open opens the shop; globalThis.took is from the call, sinceLoad from the navigation. */
const open = (p, user, more = {}) => p.evaluate(async ([user, more]) => {
  const begun = performance.now();
  const { open } = await import("/client.js");
  globalThis.app = await open({ app: `shop of ${user}`, user, ...more });
  return { took: performance.now() - begun, sinceLoad: performance.now(), ...app.opened };
}, [user, more]);
async function person(context, user, more) {
  const p = await context.newPage();
  await p.goto(url);
  await open(p, user, more);
  return p;
}

try {
  // ------------------------------------------------------------- one page

  const ann = await person(disk, "ann");
  const warm = [];
  for (let i = 0; i < 12; i++) {
    await ann.reload();
    warm.push(await open(ann, "ann"));
  }
  const of = (key) => p50(warm.slice(2).map((w) => w[key]));
  say("ready, warm: open() to all values there", ms(of("took")), `of that wasm ${ms(of("wasm"))}, files ${ms(of("read"))}, node ${ms(of("open"))}`);

  const durable = await ann.evaluate(async () => {
    const took = [];
    for (let i = 0; i < 500; i++) {
      const begun = performance.now();
      await app.events.favour({ wine: `w${i}` }).durable;
      took.push(performance.now() - begun);
    }
    return took;
  });
  const bare = await ann.evaluate(() => new Promise((resolve) => {
    const text = `onmessage = async () => {
      const dir = await navigator.storage.getDirectory();
      const h = await (await dir.getFileHandle("bare", { create: true })).createSyncAccessHandle();
      const bytes = new Uint8Array(400), took = [];
      for (let i = 0; i < 500; i++) {
        const begun = performance.now();
        h.write(bytes, { at: i * 400 });
        h.flush();
        took.push(performance.now() - begun);
      }
      h.close();
      postMessage(took);
    }`;
    const worker = new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage(0);
  }));
  say("a durable write, p50, as the tab sees it", ms(p50(durable)), `bare OPFS write and flush of 400 bytes ${ms(p50(bare))}: ${(p50(durable) / p50(bare)).toFixed(1)} times`);

  const burst = await ann.evaluate(async () => {
    const begun = performance.now();
    const raised = Array.from({ length: 2_000 }, (_, i) => app.events.note({ text: `note ${i}` }).durable);
    await Promise.all(raised);
    return 2_000 / ((performance.now() - begun) / 1000);
  });
  say("2,000 events at once, all durable", `${Math.round(burst)} /s`);
  await ann.waitForFunction(() => app.status.unsynced === 0, null, { timeout: 120_000 });
  const reopened = [];
  for (let i = 0; i < 5; i++) {
    await ann.reload();
    reopened.push(await open(ann, "ann"));
  }
  say("reopen with 2,500 records: files and node", ms(p50(reopened.map((r) => r.read + r.open))), `open() in all ${ms(p50(reopened.map((r) => r.took)))}`);

  // --------------------------------------------------------- page to page

  const cleo = await person(await browser.newContext(), "cleo"), dan = await person(await browser.newContext(), "dan");
  const linked = (p) => p.waitForFunction(() => app.status.peers.some((q) => q.via === "webrtc" && q.state === "alive"), null, { timeout: 30_000 });
  await Promise.all([linked(cleo), linked(dan)]);
  await ann.evaluate(async () => {
    await navigator.serviceWorker.register("./offline.js");
    await navigator.serviceWorker.ready;
  });
  await kill();
  await Promise.all([cleo, dan].map((p) => p.waitForFunction(() => !app.status.server, null, { timeout: 30_000 })));
  await dan.evaluate(() => {
    globalThis.seen = new Set(app.databases.favourites.value);
    app.databases.favourites.subscribe(() => {
      for (const w of app.databases.favourites.value) {
        if (seen.has(w)) continue;
        seen.add(w);
        if (w.startsWith("ping ")) app.events.favour({ wine: w.replace("ping", "pong") });
      }
    });
  });
  const rounds = await cleo.evaluate(async () => {
    const took = [];
    for (let i = 0; i < 200; i++) {
      const begun = performance.now();
      const back = new Promise((resolve) => {
        const end = app.databases.favourites.subscribe(() => app.databases.favourites.value.includes(`pong ${i}`) && (end(), resolve()));
      });
      app.events.favour({ wine: `ping ${i}` });
      await back;
      took.push(performance.now() - begun);
    }
    return took;
  });
  const rtt = await cleo.evaluate(() => app.status.peers.filter((q) => q.via === "webrtc").map((q) => q.rtt));
  say("server dead: a commit, and a commit in answer to it, p50", ms(p50(rounds)), `a ping between the workers ${rtt.map(ms)}`);
  const many = 1_000, patience = 20_000;
  const before = await dan.evaluate("app.views.count.value"), begun = Date.now();
  await cleo.evaluate((many) => {
    for (let i = 0; i < many; i++) app.events.favour({ wine: `many ${i}` });
  }, many);
  await dan.waitForFunction((all) => app.views.count.value >= all, before + many, { timeout: patience, polling: 10 }).catch(() => {});
  const shown = (await dan.evaluate("app.views.count.value")) - before;
  say(`server dead: commits of one page, shown by the other`, `${Math.round(shown / ((Date.now() - begun) / 1000))} /s`, `${shown} of ${many}`);

  const offline = [];
  for (let i = 0; i < 5; i++) {
    await ann.reload();
    offline.push(await open(ann, "ann"));
  }
  say("reload with no server: from navigation to all values", ms(p50(offline.map((o) => o.sinceLoad))), "with 2,500 records");
} finally {
  for (const end of ending) await Promise.resolve(end()).catch(() => {});
}
