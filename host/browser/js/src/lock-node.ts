// Which process has a directory. Node.js has no locks of files that the system
// takes back from who dies, so one is a file lock.N, N being one more than that
// of the process before, and says who its owner is: an empty one has been left,
// one whose owner is no more is void, and both give way to lock.N+1. As numbers
// only grow, and a file is made under its number by a link, which one process
// alone can do, no two ever take over from the same.

import * as fs from "node:fs";
import { hostname } from "node:os";
import { FilesError } from "./files.ts";

/** An Owner is a process. A number of a process is given again; with the time when it began, in ticks since the boot, it is not. */
interface Owner {
  pid: number;
  since: string; // "" where the system does not say
  boot: string; // of the machine, "" likewise
  host: string;
}

/** How often a lock is tried for that others take meanwhile. */
const triesMax = 8;

/** lockDirectory takes a directory for this process until the function it returns is called, or the process ends. It fails with a FilesError. */
export function lockDirectory(dir: string): () => void {
  for (let tries = 0; tries < triesMax; tries++) {
    const last = numbers(dir)[0] ?? 0;
    const owner = last > 0 ? ownerOf(dir, last) : null;
    if (owner && mayLive(owner)) throw inUse(dir, last, owner);
    if (!take(dir, last + 1)) continue;
    const [mine, ...older] = numbers(dir);
    if (mine !== last + 1) { // what was read had been left behind by others meanwhile
      fs.rmSync(pathOf(dir, last + 1), { force: true });
      continue;
    }
    for (const n of older) fs.rmSync(pathOf(dir, n), { force: true });
    return hold(pathOf(dir, mine));
  }
  throw new FilesError("in_use", `martinelli: open ${dir}: other processes open it at this moment: use another directory for each`);
}

/** hold frees the lock when it is left or the process ends by itself; after a kill the next one does. */
function hold(path: string): () => void {
  const leave = () => {
    process.off("exit", leave);
    try {
      fs.truncateSync(path, 0);
    } catch {
      // The directory has been removed, and the lock with it.
    }
  };
  process.on("exit", leave);
  return leave;
}

const pathOf = (dir: string, n: number) => `${dir}/lock.${n}`;

/** numbers are those of the locks there are, the highest first. */
function numbers(dir: string): number[] {
  const all = fs.readdirSync(dir).map((name) => Number(/^lock\.(\d+)$/.exec(name)?.[1] ?? 0));
  return all.filter((n) => n > 0).sort((a, b) => b - a);
}

/** ownerOf returns null of a lock that was left. */
function ownerOf(dir: string, n: number): Owner | null {
  try {
    return JSON.parse(fs.readFileSync(pathOf(dir, n), "utf8"));
  } catch {
    return null;
  }
}

/** take makes a lock with all that stands in it at once, and reports whether it did. */
function take(dir: string, n: number): boolean {
  const own = `${dir}/lock-${crypto.randomUUID()}`;
  fs.writeFileSync(own, JSON.stringify(self()), { mode: 0o600 });
  try {
    fs.linkSync(own, pathOf(dir, n));
    return true;
  } catch (cause) {
    if ((cause as { code?: string }).code === "EEXIST") return false;
    throw cause;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

const self = (): Owner => ({ pid: process.pid, since: sinceOf(process.pid), boot: read("/proc/sys/kernel/random/boot_id"), host: hostname() });

/** sinceOf reads the 22nd field of a process's state, counted behind its name, in which anything may stand (proc(5)). */
const sinceOf = (pid: number) => read(`/proc/${pid}/stat`).split(") ").pop()!.split(" ")[19] ?? "";

function read(path: string): string {
  try {
    return fs.readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

/** mayLive reports whether an owner is there, or on another machine, where nobody here can tell. */
function mayLive(owner: Owner): boolean {
  const own = self();
  if (owner.host !== own.host) return true;
  if (owner.boot !== own.boot) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (cause) {
    if ((cause as { code?: string }).code !== "EPERM") return false;
  }
  return owner.since === sinceOf(owner.pid);
}

function inUse(dir: string, n: number, owner: Owner): FilesError {
  const advice =
    owner.host !== hostname() ? `if it is no more, remove ${pathOf(dir, n)}; else end it, or use another directory`
    : owner.pid === process.pid ? "close it there first, or use another directory"
    : "end it, or use another directory";
  const who = owner.host !== hostname() ? `process ${owner.pid} of ${owner.host}` : owner.pid === process.pid ? "this process" : `process ${owner.pid}`;
  return new FilesError("in_use", `martinelli: open ${dir}: ${who} has it: ${advice}`);
}
