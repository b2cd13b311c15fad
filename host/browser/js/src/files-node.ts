// The files of a journal in a directory of Node.js, and whatever else is
// written there as a whole.

import * as fs from "node:fs";
import { type Action, type Files, FilesError, failure, fileNames, flush, full, write } from "./files.ts";

/** Opens or makes the files in a directory, which this process has locked (lock-node.ts). */
export function openDirectory(dir: string): Files {
  const handles: number[] = [];
  try {
    for (const name of fileNames) handles.push(fs.openSync(`${dir}/${name}`, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600));
    syncNames(dir);
  } catch (cause) {
    for (const h of handles) fs.closeSync(h);
    throw failure(`open ${dir}`, cause);
  }
  return {
    kind: "file",
    read: async () => handles.map(readAll),
    run(actions) {
      try {
        for (const a of actions) act(handles[a.file]!, a);
      } catch (cause) {
        throw refusal(`write to ${dir}`, cause);
      }
    },
    close() {
      for (const h of handles.splice(0)) fs.closeSync(h);
    },
  };
}

/** replace writes a file that nobody else may read, at once and durably: after a power cut it is the old one or the new. */
export function replace(dir: string, name: string, bytes: Uint8Array | string): void {
  const next = `${dir}/${name}.next`;
  try {
    const h = fs.openSync(next, "w", 0o600);
    try {
      fs.writeFileSync(h, bytes);
      fs.fsyncSync(h);
    } finally {
      fs.closeSync(h);
    }
    fs.renameSync(next, `${dir}/${name}`);
    syncNames(dir);
  } catch (cause) {
    throw refusal(`write ${dir}/${name}`, cause);
  }
}

/** stored is what replace wrote, or null. */
export function stored(dir: string, name: string): Uint8Array<ArrayBuffer> | null {
  try {
    return fs.readFileSync(`${dir}/${name}`);
  } catch (cause) {
    if ((cause as { code?: string }).code === "ENOENT") return null;
    throw failure(`read ${dir}/${name}`, cause);
  }
}

function refusal(what: string, cause: unknown): FilesError {
  const code = (cause as { code?: string }).code;
  return code === "ENOSPC" || code === "EDQUOT" ? full(what, cause) : failure(what, cause);
}

/** syncNames makes the names in a directory durable; Windows does so by itself, and opens no directory. */
function syncNames(dir: string): void {
  let h: number;
  try {
    h = fs.openSync(dir, "r");
  } catch (cause) {
    if ((cause as { code?: string }).code === "EISDIR" || (cause as { code?: string }).code === "EPERM") return;
    throw cause;
  }
  try {
    fs.fsyncSync(h);
  } finally {
    fs.closeSync(h);
  }
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
