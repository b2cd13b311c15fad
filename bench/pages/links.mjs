// What a link between two pages carries, with nobody else there: the package's
// own peers.js and rtc.js, an echo in the place of the node. Frames are of 100
// bytes, in groups as a node sends what one delivery made.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

const worker = `
import { Peers } from "/peers.js";
const size = 100;
let peers, link, came = () => {}, rest = new Uint8Array(0);
function chunk(channel, bytes) {
  const all = new Uint8Array(rest.length + bytes.length);
  all.set(rest);
  all.set(bytes, rest.length);
  let at = 0;
  for (; at + size <= all.length; at += size) {
    if (all[at] === 1) {
      const back = all.slice(at, at + size);
      back[0] = 2;
      link.send(channel, back);
    } else came();
  }
  rest = all.slice(at);
}
const frame = () => {
  const f = new Uint8Array(size);
  f[0] = 1;
  return f;
};
onmessage = async ({ data }) => {
  if (data.self) {
    peers = new Peers(data.self, "bench", {
      signal: (to, kind, attempt, text) => postMessage({ signal: [to, kind, attempt, text] }),
      tab: (s) => postMessage({ tab: s }),
      up: (no, via, addr, binding, l) => {
        link = l;
        l.hear({ connected() {}, chunk, closed() {} });
        postMessage({ up: true });
      },
      down: (no, why) => postMessage({ down: why }),
    });
  } else if (data.dial) peers.dial(1, data.dial);
  else if (data.signalled) peers.signalled(...data.signalled);
  else if (data.request) peers.take(data.request);
  else if (data.measure) {
    const took = [];
    for (let i = 0; i < 3000; i++) {
      const back = new Promise((resolve) => (came = resolve));
      const begun = performance.now();
      link.send(1, frame());
      await back;
      took.push(performance.now() - begun);
    }
    const many = 100_000, group = 100, ahead = 20_000;
    let left = many, sent = 0;
    const begun = performance.now();
    await new Promise((resolve) => {
      const fill = () => {
        while (sent < many && sent - (many - left) < ahead) for (let i = 0; i < group; i++, sent++) link.send(1, frame());
      };
      came = () => {
        if (--left === 0) resolve();
        else if (left % group === 0) fill();
      };
      fill();
    });
    took.sort((a, b) => a - b);
    postMessage({ measured: { p50: took[1500], p99: took[2970], perSecond: (2 * many) / ((performance.now() - begun) / 1000) } });
  }
};`;

const tab = `
import { Connections } from "/rtc.js";
const worker = new Worker("/links-worker.js", { type: "module" });
const connections = new Connections((request, transfer) => worker.postMessage({ request }, transfer));
globalThis.heard = [];
worker.onmessage = ({ data }) => {
  if (data.tab) connections.take(data.tab);
  else if (data.signal) relay(self, ...data.signal);
  else heard.push(data);
};
globalThis.tell = (what) => worker.postMessage(what);`;

/** links links two pages of a browser, takes everything else away, and measures: { p50, p99, perSecond }, in milliseconds. */
export async function links(browser, packed) {
  const made = { "/": ["text/html", "<!doctype html><title>links</title>"], "/links-worker.js": ["text/javascript", worker], "/links.js": ["text/javascript", tab] };
  const server = createServer(async (request, response) => {
    const [type, text] = made[request.url] ?? ["text/javascript", await readFile(join(packed, basename(request.url))).catch(() => "")];
    response.setHeader("Content-Type", type).end(text);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const pages = {};
  try {
    for (const self of ["0".repeat(32), "1".repeat(32)]) {
      const p = (pages[self] = await (await browser.newContext()).newPage());
      await p.goto(`http://127.0.0.1:${server.address().port}/`);
      await p.exposeFunction("relay", (_, to, kind, attempt, text) => pages[to].evaluate((s) => tell({ signalled: s }), [self, kind, attempt, text]));
      await p.addScriptTag({ url: "/links.js", type: "module" });
      await p.waitForFunction(() => globalThis.tell);
      await p.evaluate((self) => tell({ self }), self);
    }
    const [first, second] = Object.values(pages);
    await second.evaluate((to) => tell({ dial: to }), "0".repeat(32));
    for (const p of [first, second]) await p.waitForFunction(() => heard.some((h) => h.up), null, { timeout: 20_000 });
    server.closeAllConnections();
    server.close();
    await first.evaluate(() => tell({ measure: true }));
    return await (await first.waitForFunction(() => heard.find((h) => h.measured)?.measured, null, { timeout: 120_000 })).jsonValue();
  } finally {
    server.close();
    for (const p of Object.values(pages)) await p.context().close();
  }
}

// Alone, on a package that is there: PAGE=DIR CHROMIUM=/usr/bin/chromium node links.mjs
if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { chromium } = createRequire(new URL("../../host/browser/browsertest/package.json", import.meta.url))("playwright-core");
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"] });
  const { p50, p99, perSecond } = await links(browser, process.env.PAGE).finally(() => browser.close());
  console.log(`page to page, nobody else there: round trip p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(1)} ms; ${Math.round(perSecond)} frames of 100 bytes a second, both ways together`);
}
