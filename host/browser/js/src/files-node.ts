// The files of a journal in a directory of Node.js.

import * as fs from "node:fs";
import { type Action, type Files, FilesError, failure, fileNames, flush, full, write } from "./files.ts";

/** Opens or makes the files in a directory. One process has it at a time. */
export function openDirectory(dir: string): Files {
  const handles: number[] = [];
  let lock: number | undefined;
  try {
    fs.mkdirSync(dir, { recursive: true });
    lock = takeLock(dir);
    for (const name of fileNames) handles.push(fs.openSync(`${dir}/${name}`, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600));
    syncNames(dir);
  } catch (cause) {
    for (const h of handles) fs.closeSync(h);
    if (lock !== undefined) leaveLock(dir, lock);
    throw failure(`open ${dir}`, cause);
  }
  const held = lock;
  return {
    kind: "file",
    read: async () => handles.map(readAll),
    run(actions) {
      try {
        for (const a of actions) act(handles[a.file]!, a);
      } catch (cause) {
        const code = (cause as { code?: string }).code;
        throw code === "ENOSPC" || code === "EDQUOT" ? full(`write to ${dir}`, cause) : failure(`write to ${dir}`, cause);
      }
    },
    close() {
      for (const h of handles) fs.closeSync(h);
      leaveLock(dir, held);
    },
  };
}

/**
 * Node.js has no locks of files, so one bears its owner's number. It is left
 * behind where a process was killed, and taken over where that number is free.
 */
function takeLock(dir: string): number {
  const path = `${dir}/lock`;
  for (let tries = 0; ; tries++) {
    try {
      const h = fs.openSync(path, "wx", 0o600);
      fs.writeSync(h, String(process.pid));
      return h;
    } catch (cause) {
      if ((cause as { code?: string }).code !== "EEXIST") throw cause;
    }
    const owner = Number(fs.readFileSync(path, "utf8"));
    if (tries > 0 || owner === process.pid || isAlive(owner)) {
      throw new FilesError("in_use", `martinelli: open ${dir}: process ${owner} has it: end it, or use another directory`);
    }
    fs.unlinkSync(path);
  }
}

function leaveLock(dir: string, lock: number): void {
  fs.closeSync(lock);
  fs.rmSync(`${dir}/lock`, { force: true });
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as { code?: string }).code === "EPERM";
  }
}

/** Makes the names in a directory durable. */
function syncNames(dir: string): void {
  const h = fs.openSync(dir, "r");
  fs.fsyncSync(h);
  fs.closeSync(h);
}

function readAll(handle: number): Uint8Array {
  const bytes = new Uint8Array(fs.fstatSync(handle).size);
  for (let done = 0; done < bytes.length; ) {
    const n = fs.readSync(handle, bytes, done, bytes.length - done, done);
    if (n === 0) throw new FilesError("failed", "martinelli: read the journal: a file became shorter meanwhile");
    done += n;
  }
  return bytes;
}

function act(handle: number, a: Action): void {
  switch (a.kind) {
    case write:
      for (let done = 0; done < a.bytes.length; ) {
        done += fs.writeSync(handle, a.bytes, done, a.bytes.length - done, a.at + done);
      }
      return;
    case flush:
      fs.fdatasyncSync(handle);
      return;
    default:
      if (fs.fstatSync(handle).size > a.at) fs.ftruncateSync(handle, a.at);
  }
}
