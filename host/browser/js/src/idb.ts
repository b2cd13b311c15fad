// The files of a journal in IndexedDB, where the origin private file system is
// missing: each write is a record, under its file and its offset. What is asked
// for in one call is one transaction, so a flush is the end of that.

import { type Action, type Files, FilesError, failure, fileCount, truncate, write } from "./files.ts";

const table = "files";

/** Opens or makes the files of an application. */
export async function openIDB(app: string): Promise<Files> {
  const what = "open IndexedDB";
  if (!globalThis.indexedDB) throw new FilesError("missing", `martinelli: ${what}: this browser has none`);
  const release = await hold(`martinelli:${app}:files`);
  let db: IDBDatabase;
  try {
    db = await open(app);
  } catch (cause) {
    await release();
    throw failure(what, cause);
  }
  return {
    kind: "idb",
    read: () => readAll(db),
    run: (actions) => run(db, actions),
    close() {
      db.close();
      return release();
    },
  };
}

/** Takes the files of an application away. */
export async function removeIDB(app: string): Promise<void> {
  await answer(indexedDB.deleteDatabase(databaseOf(app)));
}

const databaseOf = (app: string) => `martinelli:${app}:journal`;

function open(app: string): Promise<IDBDatabase> {
  const request = indexedDB.open(databaseOf(app), 1);
  request.onupgradeneeded = () => request.result.createObjectStore(table);
  return answer(request);
}

/** Holds a Web Lock until the function it returns is called, whose promise is kept when the lock is free. */
function hold(name: string): Promise<() => Promise<void>> {
  if (!navigator.locks) return Promise.resolve(async () => {});
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (!lock) {
        reject(new FilesError("in_use", "martinelli: open IndexedDB: another tab or worker has the files: close it, or use it"));
        return;
      }
      return new Promise<void>((release) => {
        resolve(async () => {
          release();
          await held;
        });
      });
    });
  });
}

async function readAll(db: IDBDatabase): Promise<Uint8Array[]> {
  const rows = db.transaction(table).objectStore(table);
  const [keys, values] = await Promise.all([answer(rows.getAllKeys()), answer(rows.getAll())]);
  const files = Array.from({ length: fileCount }, () => new Uint8Array());
  const ends = files.map(() => 0);
  keys.forEach((key, i) => {
    const [file, at] = key as [number, number];
    ends[file] = Math.max(ends[file]!, at + (values[i] as Uint8Array).length);
  });
  ends.forEach((end, file) => (files[file] = new Uint8Array(end)));
  keys.forEach((key, i) => {
    const [file, at] = key as [number, number];
    files[file]!.set(values[i] as Uint8Array, at);
  });
  return files;
}

/**
 * A write takes the place of the record at its offset, which is of the same
 * length, in the head, or of a write that failed. So a file's records never overlap.
 */
function run(db: IDBDatabase, actions: Action[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const tx = db.transaction(table, "readwrite", { durability: "strict" });
    const fail = () => reject(failure("write to the journal", tx.error ?? "the transaction was aborted"));
    tx.oncomplete = () => resolve();
    tx.onabort = fail;
    tx.onerror = fail;
    const rows = tx.objectStore(table);
    for (const a of actions) {
      if (a.kind === write) rows.put(a.bytes.slice(), [a.file, a.at]);
      else if (a.kind === truncate) cut(rows, a.file, a.at);
    }
  });
}

/** Ends a file at an offset: a record across it is cut, those behind it go. */
function cut(rows: IDBObjectStore, file: number, at: number): void {
  rows.delete(IDBKeyRange.bound([file, at], [file, Infinity]));
  if (at === 0) return;
  const before = rows.openCursor(IDBKeyRange.bound([file, 0], [file, at], false, true), "prev");
  before.onsuccess = () => {
    const cursor = before.result;
    if (!cursor) return;
    const start = (cursor.key as [number, number])[1];
    const bytes = cursor.value as Uint8Array;
    if (start + bytes.length > at) cursor.update(bytes.slice(0, at - start));
  };
}

/** What a request comes to. */
function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
