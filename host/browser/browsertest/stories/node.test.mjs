// The story of programs in Node.js: what they write comes across, a server that
// dies, a process that is killed in the middle of writing, and who else wants
// its directory. One has the WebSockets of Node.js, the other those of the package.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { begin, folder, program } from "./programs.mjs";
import { node } from "./world.mjs";

const other = typeof WebSocket === "undefined" ? ["--experimental-websocket"] : ["--no-experimental-websocket"];
const favourites = "app.databases.favourites.value";
const favour = (wine) => `app.events.favour({ wine: ${JSON.stringify(wine)} })`;
let server, dir, ann, ben;
before(async () => {
  [server, dir] = await Promise.all([node(new URL("shop.mrt", import.meta.url).pathname), folder(new URL("node/program.mjs", import.meta.url))]);
});
const options = (user) => ({ dir: join(dir, user), servers: [server.url], user });

test("two programs share, and a serial event has its outcome", async () => {
  [ann, ben] = await Promise.all([program(dir, options("ann")), program(dir, options("ben"), other)]);
  assert.deepEqual(await ann.get("[app.user, app.role, app.opened.isFirst]"), ["ann", "client", true]);
  await ann.get(`${favour("barolo")}.acked`);
  await ben.comes(favourites, ["barolo"]);
  await ben.get(`${favour("rioja")}.durable`);
  await ann.comes(favourites, ["barolo", "rioja"]);
  await ann.comes("[app.status.online, app.status.server, app.status.unsynced, app.status.peers[0]?.via, app.status.storage.kind]", [true, true, 0, "websocket", "file"]);
  const refused = await ben.get('app.events.buy({ wine_id: "barolo" }).final');
  assert.deepEqual([refused.state, refused.why], ["aborted", "sold_out"]);
  assert.equal((await stat(join(dir, "ann", "identity"))).mode & 0o777, 0o600);
});

test("a directory is one process's", async () => {
  const refused = await program(dir, options("ann")).catch((failed) => failed);
  assert.equal(refused.kind, "in_use");
  assert.match(refused.message, new RegExp(`process ${ann.child.pid} has it: end it, or use another directory`));
});

test("the server is killed, and then a process in the middle of writing: nothing that was acknowledged is lost", async () => {
  await server.kill();
  await ann.comes("app.status.server", false);
  const said = ann.saying(60), replica = await ann.get("app.replica");
  void ann.get(`(async () => { for (let i = 0; ; i++) await Promise.all([0, 1, 2, 3].map(async (j) => { const wine = "wine " + (4 * i + j); await app.events.favour({ wine }).durable; say(wine); })) })()`);
  await said;
  await ann.end("SIGKILL");
  const acknowledged = ann.said;
  ann = await program(dir, options("ann"));
  const there = await ann.get(favourites);
  assert.deepEqual(acknowledged.concat("barolo", "rioja").filter((wine) => !there.includes(wine)), []);
  assert.deepEqual(await ann.get("[app.opened.isFirst, app.replica]"), [false, replica]);
  await ann.get(`${favour("after")}.durable`); // and is not taken for one that was made before
  assert.ok((await ann.get(favourites)).includes("after"));
});

test("the server comes back: all converge", async () => {
  await ben.get(`${favour("soave")}.durable`);
  await server.start();
  await ann.comes(`${favourites}.includes("soave")`, true);
  const all = await ann.get(favourites);
  await ben.comes(favourites, all);
  await ann.comes("app.status.unsynced", 0);
  assert.deepEqual(JSON.parse(await server.martinelli("read", "favourites", "--json")), all);
});

test("a signal and a close let go of the directory", async () => {
  await ben.end("SIGINT");
  ben = await program(dir, options("ben"));
  await ben.get("app.close({ forget: true })");
  const left = await readdir(join(dir, "ben"));
  assert.match(left.join(), /^lock\.\d+$/);
  assert.equal((await stat(join(dir, "ben", left[0]))).size, 0);
});

test("examples/page: the list in a shell, which the package's README shows", async () => {
  const examples = new URL("../../../../examples/page/", import.meta.url);
  const [source, readme] = await Promise.all(["list.mjs", "../../host/browser/js/README.md"].map((name) => readFile(new URL(name, examples), "utf8")));
  assert.ok(readme.includes(source.slice(source.indexOf("import"))), "README.md shows another program than list.mjs");
  const [list, dir] = await Promise.all([node(new URL("list.mrt", examples).pathname), folder(new URL("list.mjs", examples))]);
  const shell = begin(dir, "list.mjs", [], { stdio: ["pipe", "pipe", "inherit", "ipc"], env: { ...process.env, LIST: list.url, USER: "ann" } });
  let said = "";
  shell.stdout.on("data", (d) => (said += d));
  await once(shell.stdout, "data");
  shell.stdin.end("milk\nbread\n");
  const [code] = await once(shell, "close");
  assert.deepEqual([code, said.trim().split("\n").pop()], [0, "bread, milk"]);
});
