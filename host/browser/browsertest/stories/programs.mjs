// Node.js programs for the stories, each in a process of its own.

import { fork } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after } from "node:test";

const started = new Set();
const folders = [];
after(async () => {
  for (const child of started) child.kill("SIGKILL");
  await Promise.all([...started].map((child) => child.gone));
  for (const dir of folders) await rm(dir, { recursive: true, force: true });
});

/** folder makes a folder where the package is installed, with copies of files. */
export async function folder(...files) {
  const dir = await mkdtemp(join(tmpdir(), "martinelli-node-"));
  folders.push(dir);
  await mkdir(join(dir, "node_modules"));
  await symlink(process.env.PAGE, join(dir, "node_modules", "martinelli"), "dir");
  for (const f of files) await copyFile(f, join(dir, basename(f.pathname)));
  return dir;
}

/** begin starts a program and keeps hold of it. */
export function begin(dir, file, args = [], options = {}) {
  const child = fork(join(dir, file), args, { cwd: dir, execArgv: [], ...options });
  started.add(child);
  child.gone = new Promise((resolve) => child.once("close", () => resolve(started.delete(child))));
  return child;
}

/** program starts the program of the stories in dir and waits until it is open. It throws what it failed with. */
export async function program(dir, options, execArgv = []) {
  const p = new Program(begin(dir, "program.mjs", [JSON.stringify(options)], { execArgv }));
  await p.opened;
  return p;
}

class Program {
  said = []; // what it said by itself
  #waiting = new Map();
  #no = 0;
  #heard = () => {};

  constructor(child) {
    this.child = child;
    this.opened = new Promise((resolve, reject) => {
      child.once("exit", (code, signal) => reject(new Error(`the program ended with ${signal ?? code}`)));
      child.on("message", (m) => {
        if (m.open) resolve();
        else if (m.failed) reject(Object.assign(new Error(m.failed.text), { kind: m.failed.kind }));
        else if (m.no) this.#waiting.get(m.no)(m.value);
        else this.#heard(this.said.push(m.said));
      });
    });
  }

  /** get is what an expression of app is there, or what its promise comes to. */
  get(f) {
    return this.#ask({ f });
  }

  /** comes waits until it is as expected. */
  comes(f, expected) {
    return this.#ask({ f, expected: JSON.stringify(expected) });
  }

  /** saying waits until it has said so much by itself. */
  saying(n) {
    return new Promise((resolve) => (this.#heard = (count) => count >= n && resolve()));
  }

  /** end ends it by a signal, and waits until all that it said has come. */
  async end(signal) {
    this.child.kill(signal);
    await this.child.gone;
  }

  #ask(what) {
    const no = ++this.#no;
    this.child.send({ no, ...what });
    return new Promise((resolve) => this.#waiting.set(no, resolve));
  }
}
