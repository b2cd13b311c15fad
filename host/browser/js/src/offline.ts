// A service worker that lets a page load with no network: it keeps the files
// that were packed together, and gives them from there. A page registers it:
//
//   navigator.serviceWorker?.register("./offline.js")
//
// The packer puts the names and hashes of all files into it. So another pack is
// another service worker, which fetches what has changed and takes over when no
// tab of the one before is left: a page never runs with files of two packs.
// Questions to a node, under /v1/, are none of its business.

/** packed are the files with a hash of each, by their names beside this script. */
declare const packed: Record<string, string>;

/** What this script uses of a service worker's scope, which TypeScript's library for pages has not. */
interface Scope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  addEventListener(type: "install" | "activate", listener: (e: { waitUntil(p: Promise<unknown>): void }) => void): void;
  addEventListener(type: "fetch", listener: (e: { readonly request: Request; respondWith(r: Promise<Response>): void }) => void): void;
}

const scope = globalThis as unknown as Scope;
const home = scope.registration.scope;
const keptIn = `martinelli:${home}`;

/** addressOf is where a file is kept: under its hash too, so that one that did not change is not fetched again. */
const addressOf = (name: string) => `${new URL(name, home)}?packed=${packed[name]}`;

scope.addEventListener("install", (e) => e.waitUntil(keep()));
scope.addEventListener("activate", (e) => e.waitUntil(sweep().then(() => scope.clients.claim())));
scope.addEventListener("fetch", (e) => {
  const name = nameOf(e.request);
  if (name !== null) e.respondWith(serve(name, e.request));
});

/** keep fetches what is not there yet. */
async function keep() {
  const cache = await caches.open(keptIn);
  await Promise.all(
    Object.keys(packed).map(async (name) => {
      if (await cache.match(addressOf(name))) return;
      const response = await fetch(new URL(name, home), { cache: "no-cache" });
      if (!response.ok) throw new Error(`martinelli: ${name} was answered with ${response.status}`);
      await cache.put(addressOf(name), response);
    }),
  );
}

/** sweep removes what other packs had. */
async function sweep() {
  const cache = await caches.open(keptIn);
  const ours = new Set(Object.keys(packed).map(addressOf));
  for (const request of await cache.keys()) if (!ours.has(request.url)) await cache.delete(request);
}

/** nameOf is the file that a request is for, or null. Addresses within the page are the page. */
function nameOf(request: Request): string | null {
  if (request.method !== "GET") return null;
  const url = new URL(request.url);
  const isOurs = url.href.startsWith(home) && !url.pathname.startsWith("/v1/");
  if (!isOurs) return null;
  const name = decodeURI(url.pathname.slice(new URL(home).pathname.length));
  if (Object.hasOwn(packed, name)) return name;
  return request.mode === "navigate" && Object.hasOwn(packed, "index.html") ? "index.html" : null;
}

async function serve(name: string, request: Request): Promise<Response> {
  const kept = await (await caches.open(keptIn)).match(addressOf(name));
  return kept ?? fetch(request);
}
