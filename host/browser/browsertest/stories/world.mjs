// Real nodes for the stories: "martinelli run" with the packed page in front.

import { spawn } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** free returns an address of this machine that nobody listens on. */
async function free() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000); // below those of outgoing connections
    const server = createServer();
    const isFree = await new Promise((resolve) => server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true)));
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return `127.0.0.1:${port}`;
  }
}

/** node starts a node of a program, with the page's files before it. It is killed after the stories of the file. */
export async function node(program, files = {}, more = []) {
  const dir = await mkdtemp(join(tmpdir(), "martinelli-story-"));
  const web = join(dir, "web");
  await cp(process.env.PAGE, web, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(web, name), text);
  }
  const http = await free(), listen = await free();
  const args = ["run", program, "--dir", join(dir, "data"), "--http", http, "--listen", listen, "--web", web, "--open-login", ...more];
  return begun(new Node(`http://${http}/`, process.env.MARTINELLI, args, web), dir);
}

/** cantina starts examples/wine as "make run" does, in one of its versions. */
export async function cantina(version = 2) {
  const dir = await mkdtemp(join(tmpdir(), "martinelli-story-"));
  const http = await free();
  const args = ["-version", String(version), "-dir", join(dir, "data"), "-http", http];
  return begun(new Node(`http://${http}/`, process.env.WINE, args, ""), dir);
}

async function begun(n, dir) {
  ended.push(async () => {
    await n.kill();
    await rm(dir, { recursive: true, force: true });
  });
  await n.start();
  return n;
}

/** startMax is how long a node may take until it answers, in milliseconds: that of examples/wine builds its pages first. */
const startMax = 90_000;

const ended = [];
after(() => Promise.all(ended.map((end) => end())));

class Node {
  #process = null;
  #said = "";

  constructor(url, command, args, web) {
    this.url = url;
    this.command = command;
    this.args = args;
    this.web = web;
  }

  /** start starts it, or starts it again on what it has, and waits until it answers. */
  async start() {
    const child = (this.#process = spawn(this.command, this.args, { stdio: ["ignore", "pipe", "pipe"] }));
    for (const from of [child.stdout, child.stderr]) from.on("data", (d) => (this.#said += d));
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.gone = gone;
    for (const end = Date.now() + startMax; Date.now() < end; ) {
      if (child.exitCode !== null) break;
      const answer = await fetch(`${this.url}healthz`).catch(() => null);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the node at ${this.url} does not answer; it said:\n${this.#said}`);
  }

  /** kill ends it as a power cut would. */
  async kill() {
    if (!this.#process || this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill("SIGKILL");
    await this.#process.gone;
  }

  /** martinelli runs a verb of the command line against it. */
  async martinelli(...args) {
    const child = spawn(process.env.MARTINELLI, [...args, "--http", new URL(this.url).host], { stdio: ["ignore", "pipe", "pipe"] });
    let out = "", err = "";
    child.stdout.on("data", (d) => (out += d));
    child.stderr.on("data", (d) => (err += d));
    const code = await new Promise((resolve) => child.once("close", resolve));
    if (code !== 0) throw new Error(`martinelli ${args.join(" ")}: ${err}`);
    return out;
  }

  /** reads reads a database until it is as wanted, and returns it. */
  async reads(name, isWanted = () => true) {
    for (const end = Date.now() + startMax; ; ) {
      const value = await (await fetch(`${this.url}v1/read/${name}`)).json();
      if (isWanted(value)) return value;
      if (Date.now() > end) throw new Error(`${name} is still ${JSON.stringify(value)}`);
    }
  }

  get said() {
    return this.#said;
  }
}
