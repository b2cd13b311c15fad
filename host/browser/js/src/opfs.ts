// The files of a journal in the origin private file system, by synchronous
// handles, which workers alone have. A handle is exclusive: nobody else in this
// browser has the journal while one is open.

import { type Action, type Files, FilesError, failure, fileNames, flush, full, write } from "./files.ts";

export interface SyncHandle {
  read(into: Uint8Array, options: { at: number }): number;
  write(from: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  getSize(): number;
  close(): void;
}

/** Opens or makes the files of an application. */
export async function openOPFS(app: string): Promise<Files> {
  const what = "open the origin private file system";
  if (!navigator.storage?.getDirectory) throw new FilesError("missing", `martinelli: ${what}: this browser has none`);
  const handles: SyncHandle[] = [];
  try {
    const dir = await directory(app);
    for (const name of fileNames) {
      const file = await dir.getFileHandle(name, { create: true });
      if (!("createSyncAccessHandle" in file)) throw new FilesError("missing", `martinelli: ${what}: this browser has no synchronous handles`);
      handles.push(await handleOf(file));
    }
  } catch (cause) {
    for (const h of handles) h.close();
    throw failure(what, cause);
  }
  return {
    kind: "opfs",
    read: async () => handles.map(readAll),
    run(actions) {
      try {
        for (const a of actions) act(handles[a.file]!, a);
      } catch (cause) {
        throw failure("write to the journal", cause);
      }
    },
    close() {
      for (const h of handles) h.close();
    },
  };
}

/** Takes the files of an application away. */
export async function removeOPFS(app: string): Promise<void> {
  const root = await navigator.storage.getDirectory();
  const all = await root.getDirectoryHandle("martinelli", { create: true });
  await all.removeEntry(encodeURIComponent(app), { recursive: true }).catch((err: { name: string }) => {
    if (err.name !== "NotFoundError") throw failure("remove the journal", err);
  });
}

async function directory(app: string): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  const all = await root.getDirectoryHandle("martinelli", { create: true });
  return all.getDirectoryHandle(encodeURIComponent(app), { create: true });
}

export const handleOf = (file: object) => (file as { createSyncAccessHandle(): Promise<SyncHandle> }).createSyncAccessHandle();

/** programs is the folder with the copy of the node's program, under its hash (program.ts), beside what an application stores. */
export const programs = async (create = false) => (await navigator.storage.getDirectory()).getDirectoryHandle("martinelli.wasm", { create });

/** readProgram gives the copy of a program: it is there in a fifth of the time that a fetch takes. */
export async function readProgram(hash: string): Promise<Uint8Array> {
  const h = await handleOf(await (await programs()).getFileHandle(hash));
  const bytes = readAll(h);
  h.close();
  return bytes;
}

function readAll(h: SyncHandle): Uint8Array {
  const bytes = new Uint8Array(h.getSize());
  const n = h.read(bytes, { at: 0 });
  if (n !== bytes.length) throw new FilesError("failed", `martinelli: read the journal: ${n} of ${bytes.length} bytes came`);
  return bytes;
}

function act(h: SyncHandle, a: Action): void {
  switch (a.kind) {
    case write:
      if (h.write(a.bytes, { at: a.at }) !== a.bytes.length) throw full("write to the journal");
      return;
    case flush:
      h.flush();
      return;
    default:
      if (h.getSize() > a.at) h.truncate(a.at);
  }
}
