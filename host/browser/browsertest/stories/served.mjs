// A server of files alone, for stories that need no node behind it.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";

const types = { ".js": "text/javascript", ".mjs": "text/javascript", ".html": "text/html", ".wasm": "application/wasm", ".json": "application/json" };

/** served serves the first of dirs that has a file; "/" is an empty page. */
export const served = (...dirs) => servedAt(0, ...dirs);

/** servedAt is served at a port of this machine. */
export async function servedAt(port, ...dirs) {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://x").pathname);
    response.setHeader("Cache-Control", "no-store");
    if (path === "/") return response.setHeader("Content-Type", "text/html").end("<!doctype html><title>story</title><link rel=icon href=data:,>");
    for (const dir of dirs) {
      const data = await readFile(join(dir, path)).catch(() => null);
      if (data) return response.setHeader("Content-Type", types[extname(path)] ?? "application/octet-stream").end(data);
    }
    response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  }) };
}
