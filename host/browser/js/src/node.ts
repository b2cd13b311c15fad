// The package's entry point in Node.js.

import { mkdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type * as api from "../types/node.d.ts";
import { App } from "./app.ts";
import { Aborted, Failed } from "./errors.ts";
import { replace, stored } from "./files-node.ts";
import type { FilesError } from "./files.ts";
import { lockDirectory } from "./lock-node.ts";
import type { Signalled, Start } from "./protocol.ts";
import { Streams } from "./raise.ts";
import { Thread } from "./thread-node.ts";

export { Aborted, Failed };

/** The file of what numbers raises. */
const streamsName = "streams";

export const open: typeof api.open = async (options) => {
  const dir = resolve(options.dir);
  const thread = { start: startOf(options, dir), url: new URL(options.worker ?? "./node-worker.js", import.meta.url) };
  const [leave, kept] = take(dir);
  let app: App;
  const signalled = (s: Signalled) => {
    if (s.kind !== "close") app.relay({ op: "signal", peer: s.peer, attempt: s.attempt, kind: "failed", body: "Node.js has no WebRTC: link to a server" });
  };
  const failed = (kind: string, text: string, final: boolean) => app.failed(kind, text, final);
  app = new App((hear) => new Thread({ ...thread, take: hear, failed }), kept, options.watch, signalled);
  app.on("closed", ({ forget }) => {
    if (forget) rmSync(`${dir}/${streamsName}`, { force: true });
    leave();
  });
  try {
    await app.ready;
  } catch (failed) {
    await app.close();
    throw failed;
  }
  return app as any;
};

/** take locks the directory, and returns what leaves it and what numbers the raises made there. */
function take(dir: string): [leave: () => void, streams: Streams] {
  let leave = () => {};
  try {
    mkdirSync(dir, { recursive: true });
    leave = lockDirectory(dir);
    return [leave, streams(dir)];
  } catch (cause) {
    leave();
    const text = (cause as Error).message;
    throw new Failed((cause as FilesError).why === "in_use" ? "in_use" : "storage", text.startsWith("martinelli") ? text : `martinelli: open ${dir}: ${text}`);
  }
}

/** startOf is what the thread is told, from what the program says. */
function startOf(o: api.Options, dir: string): Start {
  const servers = (o.servers ?? []).map((s) => new URL(s).origin);
  const role = o.role ?? "client";
  const login = { ...(o.user !== undefined && { user: o.user }), ...(o.secret !== undefined && { secret: o.secret }), ...(o.login && { extra: o.login }) };
  const modules = o.modules && Object.fromEntries(Object.entries(o.modules).map(([name, at]) => [name, urlOf(at)]));
  return {
    op: "start",
    app: dir,
    wasm: new URL(o.wasm ?? "./page.wasm", import.meta.url).href,
    plan: urlOf(o.plan ?? (servers[0] ? `${servers[0]}/v1/plan?role=${encodeURIComponent(role)}` : `${dir}/plan`)),
    servers,
    role,
    addr: "", // nobody reaches it: it links to servers by itself
    ...(Object.keys(login).length > 0 && { login }),
    name: o.name ?? hostname(),
    ...(o.pass !== undefined && { pass: o.pass }),
    ...(modules && { modules }),
  };
}

/** urlOf is that of a URL, or of a path of this machine. */
const urlOf = (at: string) => (/^(https?|file):/.test(at) ? at : pathToFileURL(resolve(at)).href);

/**
 * streams gives a directory one stream for all processes that it ever has, one
 * at a time, as a node never forgets a stream. The numbers that are taken are
 * durable before they are used: one that is used twice would be taken for a
 * raise that was sent again.
 */
function streams(dir: string): Streams {
  const bytes = stored(dir, streamsName);
  const taken: Record<string, string> = bytes ? JSON.parse(new TextDecoder().decode(bytes)) : {};
  const put = (name: string, value: string) => {
    replace(dir, streamsName, JSON.stringify({ ...taken, [name]: value }));
    taken[name] = value;
  };
  const setItem = (name: string, value: string) => {
    try {
      put(name, value);
    } catch (cause) {
      throw new Aborted((cause as FilesError).why === "full" ? "storage_full" : "storage", (cause as Error).message);
    }
  };
  if (!taken["name"]) put("name", crypto.randomUUID());
  return new Streams(taken["name"]!, { getItem: (name) => taken[name] ?? null, setItem });
}
