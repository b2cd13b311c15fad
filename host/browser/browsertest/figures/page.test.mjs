// What a page costs, in a real chromium with a profile on disk: in a private
// window its files are memory behind another process, and a write takes five
// times as long. Each figure is a line "figure NAME VALUE UNIT".

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { args, page } from "../stories/browser.mjs";
import { kept, open } from "../stories/people.mjs";
import { node } from "../stories/world.mjs";

const bare = `onmessage = async ({ data: count }) => {
  const root = await navigator.storage.getDirectory();
  const h = await (await root.getFileHandle("bare", { create: true })).createSyncAccessHandle();
  const record = new Uint8Array(250);
  const write = () => { h.write(record, { at: h.getSize() }); h.flush(); };
  onmessage = () => { write(); postMessage(0); };
  postMessage(0);
}`;

const figure = (name, value, unit) => console.log(`figure ${name} ${value.toFixed(2)} ${unit}`);
const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
const options = { app: "figures", watch: [] };

test("figures of a page", async () => {
  const server = await node(join(import.meta.dirname, "cells.mrt"), { "bare.js": bare });
  const profile = await mkdtemp(join(tmpdir(), "martinelli-profile-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath: process.env.CHROMIUM, args });
  try {
    const p = await page(context, server.url);
    await open(p, "ann", options);
    await kept(p);
    await p.reload();
    await open(p, "ann", options);
    await p.reload();
    await open(p, "ann", options);
    figure("ready-warm", await p.evaluate("took"), "ms");

    // In turns, so that both have the same machine.
    const [ours, theirs] = await p.evaluate(async () => {
      const w = new Worker("/bare.js"), ours = [], theirs = [];
      const answer = () => new Promise((resolve) => (w.onmessage = resolve));
      const ready = answer();
      w.postMessage(1);
      await ready;
      for (let i = 0; i < 400; i++) {
        let t = performance.now();
        await app.events.set({ key: `k${i % 50}`, n: i }).durable;
        ours.push(performance.now() - t);
        await new Promise((rest) => setTimeout(rest, 5)); // the seal has its own write
        t = performance.now();
        const written = answer();
        w.postMessage(1);
        await written;
        theirs.push(performance.now() - t);
      }
      w.terminate();
      return [ours, theirs];
    });
    figure("durable-p50", median(ours), "ms");
    figure("bare-p50", median(theirs), "ms");
    figure("durable-ratio", median(ours) / median(theirs), "times");

    const sets = (count) => p.evaluate(async (count) => {
      const begun = performance.now();
      const all = [];
      for (let i = 0; i < count; i++) all.push(app.events.set({ key: `k${i}`, n: i }).durable);
      await Promise.all(all);
      return (count / (performance.now() - begun)) * 1000;
    }, count);
    figure("map-sets-10k", await sets(10_000), "sets/s");

    await p.reload();
    await open(p, "ann", options);
    const reopened = [];
    for (let i = 0; i < 5; i++) {
      await p.reload();
      await open(p, "ann", options);
      reopened.push(await p.evaluate("app.opened.read + app.opened.open"));
    }
    figure("reopen-10k", median(reopened), "ms");

    await server.kill();
    const offline = [];
    for (let i = 0; i < 5; i++) {
      await p.reload();
      await open(p, "ann", options);
      offline.push(await p.evaluate("performance.now()"));
    }
    figure("offline-reload-10k", median(offline), "ms");
    figure("map-sets-100k", await sets(100_000), "sets/s");
    figure("map-sets-100k-in-100-events", await p.evaluate(async () => {
      const begun = performance.now();
      const all = [];
      for (let i = 0; i < 100; i++) all.push(app.events.fill({ all: Array.from({ length: 1000 }, (_, j) => ({ key: `f${i}-${j}`, n: j })) }).durable);
      await Promise.all(all);
      return (100_000 / (performance.now() - begun)) * 1000;
    }), "sets/s");
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
});
