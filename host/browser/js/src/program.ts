// The node's program where a worker has no copy of it: it is fetched, and
// copied into the origin private file system. A program of megabytes passes
// through three processes when it is fetched, from a cache or a service worker
// too; a worker reads a file of its own at once.

import { handleOf, programs } from "./opfs.ts";

const patience = 1_000; // milliseconds until a copy is written: opening comes first
const roomTimes = 20; // so many times the program's size must be free, as storage is for data

/** load compiles the program at url while it arrives, and keeps a copy under
 * hash, unless that is empty. Where the server gives it another type than
 * application/wasm it is compiled when it is whole. */
export async function load(url: string | URL, hash: string): Promise<WebAssembly.Module> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`martinelli: ${url} was answered with ${response.status}: serve page.wasm beside worker.js`);
  if (hash) {
    const second = response.clone();
    setTimeout(() => copy(second, hash).catch(() => {}), patience); // without a copy it is fetched again
  }
  if (response.headers.get("Content-Type")?.startsWith("application/wasm")) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** copy keeps a program under what its hash begins with, in hexadecimal digits,
 * and nothing else: what does not have that hash is no copy of it. The file has
 * its name when all of it is on the disk, so one that was cut off is not found. */
async function copy(program: Response, hash: string) {
  const bytes = await program.arrayBuffer();
  const is = [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map((b) => b.toString(16).padStart(2, "0")).join("");
  const { quota = 0, usage = 0 } = await navigator.storage.estimate();
  if (!is.startsWith(hash) || quota - usage < roomTimes * bytes.byteLength) return;
  const dir = await programs(true);
  for await (const name of (dir as unknown as { keys(): AsyncIterable<string> }).keys()) await dir.removeEntry(name);
  const file = (await dir.getFileHandle("new", { create: true })) as FileSystemFileHandle & { move(name: string): Promise<void> };
  const h = await handleOf(file);
  h.write(new Uint8Array(bytes), { at: 0 });
  h.flush();
  const isWhole = h.getSize() === bytes.byteLength;
  h.close();
  if (isWhole) await file.move(hash);
}
