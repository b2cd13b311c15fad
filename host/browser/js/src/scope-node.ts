// The scope of a dedicated worker, made in a thread of Node.js, so that the
// worker of a page runs there as it stands. What a worker stores is not made
// here: storage-node.ts and keys-node.ts stand for what a browser has.

import { readFile } from "node:fs/promises";
import { parentPort } from "node:worker_threads";

const scope = globalThis as unknown as Record<string, unknown>;
const port = parentPort!;

scope["self"] = {
  postMessage: (message: unknown) => port.postMessage(message),
  set onmessage(hear: (e: { data: unknown }) => void) {
    port.on("message", (data) => hear({ data }));
  },
};

scope["addEventListener"] = () => {}; // Node.js does not tell that a network is there again

const overNetwork = fetch;
scope["fetch"] = async (url: string | URL, options?: RequestInit) => {
  const at = new URL(url);
  if (at.protocol !== "file:") return overNetwork(at, options).catch(told);
  const type = at.pathname.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
  return new Response(await readFile(at), { headers: { "Content-Type": type } });
};

/** told says why: "fetch failed" alone helps nobody. */
function told(failed: Error): never {
  const cause = failed.cause as { code?: string; message?: string } | undefined;
  throw new Error(cause?.message || cause?.code || failed.message);
}

// What a browser would log ends a thread of Node.js.
process.on("unhandledRejection", (why) => console.error("martinelli:", why));

// From version 22 on Node.js has WebSockets of its own.
scope["WebSocket"] ??= (await import("./node-socket.js")).WebSocket;
