// Which files an application has in this environment, and what became of them.

import { type Files, FilesError, memoryFiles } from "./files.ts";
import { openOPFS, removeOPFS } from "./opfs.ts";

/** What the browser says of its storage. */
export interface Usage {
  persisted: boolean; // it has promised not to evict it
  used: number; // bytes
  quota: number; // bytes; 0: not known
}

/** How long openFiles waits for a worker that has gone and whose files are not free yet, in milliseconds. */
const patience = 5000;

/** Most browsers have the private file system, so the rest is a file of its own. */
const idb = () => import("./idb.js");
const openIDB = async (app: string) => (await idb()).openIDB(app);

/** Opens the best files there are, or those of a kind. A worker calls it. */
export async function openFiles(app: string, kind?: "opfs" | "idb" | "memory"): Promise<Files> {
  if (kind === "memory") return memoryFiles();
  const opens = kind === "opfs" ? [openOPFS] : kind === "idb" ? [openIDB] : [openOPFS, openIDB];
  for (const open of opens) {
    try {
      return await patiently(() => open(app));
    } catch (err) {
      if (kind || !(err instanceof FilesError) || err.why !== "missing") throw err;
    }
  }
  return memoryFiles();
}

async function patiently(open: () => Promise<Files>): Promise<Files> {
  for (const end = performance.now() + patience; ; ) {
    try {
      return await open();
    } catch (err) {
      if (!(err instanceof FilesError) || err.why !== "in_use" || performance.now() > end) throw err;
    }
    await new Promise((again) => setTimeout(again, 50));
  }
}

/** Takes everything of an application's journal away. */
export async function removeFiles(app: string): Promise<void> {
  if ("getDirectory" in (navigator.storage ?? {})) await removeOPFS(app);
  if (globalThis.indexedDB) await (await idb()).removeIDB(app);
}

/** Asks the browser how much room there is. */
export async function usage(): Promise<Usage> {
  const storage = navigator.storage;
  const [estimate, persisted] = await Promise.all([storage?.estimate?.(), storage?.persisted?.()]).catch(() => []);
  return { persisted: persisted ?? false, used: estimate?.usage ?? 0, quota: estimate?.quota ?? 0 };
}

/** Asks the browser to keep what is stored. A person should have done something just before. */
export async function persist(): Promise<boolean> {
  return (await navigator.storage?.persist?.().catch(() => false)) ?? false;
}

// A browser that needs room takes all of a page's databases and files at once.
// So a tab notes outside of them, where workers can't reach, that there was a
// store, and a store that is gone is told from one that never was.
const noteOf = (app: string) => `martinelli:${app}:stored`;

/** Notes in a tab that this application has stored something. */
export function noteStored(app: string): void {
  try {
    localStorage.setItem(noteOf(app), "1");
  } catch {
    // A page without localStorage can't tell an evicted store from a new one.
  }
}

/** Whether this application has stored something here before, as far as a tab can know. */
export function wasStored(app: string): boolean {
  try {
    return localStorage.getItem(noteOf(app)) !== null;
  } catch {
    return false;
  }
}

/** Forgets that it has. */
export function forgetStored(app: string): void {
  try {
    localStorage.removeItem(noteOf(app));
  } catch {
    // As above.
  }
}
