// What the package has for Node.js alone: files, a lock, WebSockets.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

const packed = (name) => pathToFileURL(join(process.env.PAGE, name)).href;
const { checkFiles, lockDirectory, openDirectory, replace, stored } = await import(packed("node-parts.js"));
const { WebSocket } = await import(packed("node-socket.js"));

const folders = [];
after(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true }))));
async function folder() {
  const dir = await mkdtemp(join(tmpdir(), "martinelli-parts-"));
  folders.push(dir);
  return dir;
}

test("files do what all files do", async () => {
  const dir = await folder();
  await checkFiles(async () => openDirectory(dir));
  replace(dir, "name", "old");
  replace(dir, "name", "new");
  assert.equal(stored(dir, "name").toString(), "new");
  assert.equal(stored(dir, "none"), null);
  assert.equal((await stat(join(dir, "name"))).mode & 0o777, 0o600);
});

test("a lock is held by one, and is free when it is left", async () => {
  const dir = await folder();
  const leave = lockDirectory(dir);
  assert.throws(() => lockDirectory(dir), { why: "in_use", message: /this process has it: close it there first/ });
  leave();
  lockDirectory(dir)();
  assert.deepEqual(await readdir(dir), ["lock.2"]);
});

test("a lock is taken over from who is no more, and from nobody else", async () => {
  const dir = await folder();
  const mine = async () => {
    const leave = lockDirectory(dir);
    const name = (await readdir(dir)).find((name) => name.startsWith("lock."));
    const owner = JSON.parse(await readFile(join(dir, name), "utf8"));
    leave();
    return [owner, (left) => writeFile(join(dir, name), JSON.stringify({ ...owner, ...left }))];
  };
  const gone = spawnSync(process.execPath, ["--version"]).pid;
  for (const left of [{ pid: gone }, { boot: "another" }, { pid: process.ppid, since: "0" }]) {
    const [, put] = await mine();
    await put(left);
    await mine();
  }
  const [, put] = await mine();
  await put({ host: `not ${hostname()}` });
  assert.throws(() => lockDirectory(dir), { why: "in_use", message: /of not .*: if it is no more, remove .*lock\.\d+; else end it/ });
});

test("of many that come at once, one takes over", async () => {
  const dir = await folder();
  await writeFile(join(dir, "lock.7"), "");
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const taking = `
    const { parentPort, workerData: { packed, dir, gate } } = require("node:worker_threads");
    import(packed).then(({ lockDirectory }) => {
      parentPort.postMessage("here");
      Atomics.wait(gate, 0, 0);
      try { lockDirectory(dir); parentPort.postMessage("has"); } catch (cause) { parentPort.postMessage(cause.why); }
      setInterval(() => {}, 60_000);
    });`;
  const said = [];
  const workers = Array.from({ length: 6 }, () => new Worker(taking, { eval: true, workerData: { packed: packed("node-parts.js"), dir, gate } }));
  await Promise.all(workers.map((w) => new Promise((resolve) => w.once("message", resolve))));
  const all = Promise.all(workers.map((w) => new Promise((resolve) => w.once("message", (m) => resolve(said.push(m))))));
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  await all;
  await Promise.all(workers.map((w) => w.terminate()));
  assert.deepEqual(said.sort(), ["has", ...Array(5).fill("in_use")]);
});

/** serving is a server that accepts a WebSocket as it should, or as accept says, and gives its socket to use. */
async function serving(use, accept) {
  const server = createServer((_, response) => response.writeHead(404).end());
  server.on("upgrade", ({ headers }, socket) => {
    const key = createHash("sha1").update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.on("error", () => {}).on("end", () => socket.end()).resume();
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept ?? key}\r\nSec-WebSocket-Protocol: martinelli-link\r\n\r\n`);
    use(socket);
  });
  await new Promise((listens) => server.listen(0, "127.0.0.1", listens));
  after(() => new Promise((closed) => server.close(closed)));
  return `ws://127.0.0.1:${server.address().port}/`;
}

/** ended is what came over a connection to url, and why it ended. */
function ended(url, opened = () => {}) {
  const ws = new WebSocket(url, "martinelli-link");
  const came = [];
  ws.onopen = () => opened(ws);
  ws.onmessage = ({ data }) => came.push(...new Uint8Array(data));
  return new Promise((resolve) => (ws.onclose = ({ reason }) => resolve([came, reason])));
}

test("a WebSocket's bytes come as they were sent, however they are cut", async () => {
  const long = Buffer.alloc(70_000, 7), middle = Buffer.alloc(300, 6);
  const frames = Buffer.concat([
    Buffer.from([0x02, 2, 1, 2]), Buffer.from([0x89, 1, 9]), Buffer.from([0x80, 1, 3]), // a message in two frames, and a ping between them
    Buffer.from([0x82, 126, 300 >> 8, 300 & 255]), middle,
    Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]), long,
    Buffer.from([0x82, 0]), Buffer.from([0x88, 5, 3, 0xe8, 0x62, 0x79, 0x65]),
  ]);
  for (const cut of [7, 4096, frames.length]) {
    const url = await serving(async (socket) => {
      for (let at = 0; at < frames.length; at += cut) if (!socket.write(frames.subarray(at, at + cut))) await new Promise((drained) => socket.once("drain", drained));
    });
    const [came, reason] = await ended(url);
    assert.equal(reason, "bye");
    assert.ok(Buffer.from(came).equals(Buffer.concat([Buffer.from([1, 2, 3]), middle, long])), `cut at ${cut}`);
  }
});

test("a WebSocket's frames are masked, of each size, and a ping is answered", async () => {
  const sizes = [0, 125, 126, 65_535, 65_536];
  const heard = await new Promise(async (resolve) => {
    const url = await serving((socket) => {
      let all = Buffer.alloc(0);
      socket.write(Buffer.from([0x89, 2, 5, 6, 0x82, 1, 1]));
      socket.on("data", (d) => (all = Buffer.concat([all, d]))).on("end", () => resolve(all));
    });
    ended(url, (ws) => {
      for (const n of sizes) ws.send(new Uint8Array(n).fill(n & 255));
      ws.onmessage = () => ws.close();
    });
  });
  const kinds = [];
  for (let rest = heard; rest.length > 0; ) {
    assert.equal(rest[1] & 0x80, 0x80, "masked");
    const short = rest[1] & 127, at = short < 126 ? 2 : short === 126 ? 4 : 10;
    const size = short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    const body = rest.subarray(at + 4, at + 4 + size).map((b, i) => b ^ rest[at + (i & 3)]);
    kinds.push([rest[0], size]);
    if (rest[0] === 0x82) assert.ok(body.every((b) => b === (size & 255)));
    rest = rest.subarray(at + 4 + size);
  }
  assert.deepEqual(kinds.filter(([kind]) => kind === 0x82), sizes.map((n) => [0x82, n]));
  assert.deepEqual(kinds.slice(sizes.length), [[0x8a, 2], [0x88, 2]]);
});

test("what is no server of links is told so", async () => {
  const refuse = async (...bytes) => (await ended(await serving((socket) => socket.write(Buffer.from(bytes)))))[1];
  const none = "it sent what is no frame of a link";
  assert.equal(await refuse(0x81, 1, 65), none); // a text
  assert.equal(await refuse(0xc2, 1, 65), none); // an extension that nobody asked for
  assert.equal(await refuse(0x82, 0x81, 1, 2, 3, 4, 5), none); // masked
  assert.equal(await refuse(0x89, 126, 1, 0), none); // a ping of 256 bytes
  assert.equal(await refuse(0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255), none);
  const url = await serving(() => {}, "wrong");
  assert.deepEqual(await ended(url), [[], "it is no server of links"]);
  assert.match((await ended("ws://127.0.0.1:1/"))[1], /ECONNREFUSED|refused/);
  const plain = createServer((_, response) => response.writeHead(404).end());
  await new Promise((listens) => plain.listen(0, "127.0.0.1", listens));
  after(() => plain.close());
  assert.equal((await ended(`ws://127.0.0.1:${plain.address().port}/`))[1], "it answered with 404");
});
