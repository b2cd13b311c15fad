// The package's entry point in browsers.

import type * as api from "../types/client.d.ts";
import { App } from "./app.ts";
import { Aborted, Failed } from "./errors.ts";
import type { Signalled, Start } from "./protocol.ts";
import { Streams } from "./raise.ts";
import type { Connections } from "./rtc.ts";
import { forgetStored, noteStored, wasStored } from "./storage.ts";
import { tabs } from "./tabs.ts";

export { Aborted, Failed };

export const open: typeof api.open = async (options) => {
  if (!globalThis.isSecureContext || !navigator.locks) {
    throw new Failed("browser", "serve this page by https or from localhost: others have no storage, keys and locks");
  }
  let app: App;
  const lead = {
    start: startOf(options),
    // Bundlers look for these very words.
    worker: () => (options.worker ? new Worker(options.worker, { type: "module" }) : new Worker(new URL("./worker.js", import.meta.url), { type: "module" })),
    failed: (kind: string, text: string, final: boolean) => app.failed(kind, text, final),
  };
  let connections: Promise<Connections> | undefined;
  const signalled = (s: Signalled) => {
    connections ??= import("./rtc.js").then((rtc) => new rtc.Connections((request, transfer) => app.relay(request, transfer), options.ice, options.answer));
    connections.then((c) => c.take(s), () => (connections = undefined)); // the node dials again by itself
  };
  app = new App((take) => tabs(lead, take), await streams(options.app), options.watch, signalled);
  try {
    await app.ready;
  } catch (failed) {
    await app.close();
    throw failed;
  }
  if (app.isLeader && app.opened.isFirst && wasStored(options.app)) app.evicted();
  const unnoted = app.subscribe(() => {
    if (app.status.storage.kind === "memory") return;
    noteStored(options.app);
    unnoted();
  });
  app.on("closed", ({ forget }) => forget && forgetStored(options.app));
  return app as any;
};

/** startOf is what the worker is told, from what the page says. */
function startOf(o: api.Options): Start {
  const servers = (o.servers ?? [location.origin]).map((s) => new URL(s, location.href).origin);
  const role = o.role ?? "client";
  const login = { ...(o.user !== undefined && { user: o.user }), ...(o.secret !== undefined && { secret: o.secret }), ...(o.login && { extra: o.login }) };
  const plan = o.plan ?? `${servers[0] ?? location.origin}/v1/plan?role=${encodeURIComponent(role)}`;
  return {
    op: "start",
    app: o.app,
    wasm: (o.wasm ? new URL(o.wasm, location.href) : new URL("./page.wasm", import.meta.url)).href, // bundlers look for these very words
    plan: new URL(plan, location.href).href,
    servers,
    role,
    ...(Object.keys(login).length > 0 && { login }),
    ...(o.name !== undefined && { name: o.name }),
    ...(o.pass !== undefined && { pass: o.pass }),
    ...(o.invite !== undefined && { invite: o.invite }),
    ...(o.storage !== undefined && { storage: o.storage }),
    ...(o.modules !== undefined && { modules: o.modules }),
  };
}

/**
 * streams gives this tab the stream that it had before it was reloaded. A tab
 * that was made a copy of another has the same name in its storage: the first
 * has its lock, and the copy takes a name of its own.
 */
async function streams(app: string): Promise<Streams> {
  const slot = `martinelli:${app}:stream`;
  const mine = (name: string) =>
    new Promise<boolean>((resolve) => {
      void navigator.locks.request(`${slot}:${name}`, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock && new Promise(() => {}); // as long as the tab lives
      });
    });
  let name = sessionStorage.getItem(slot);
  if (name === null || !(await mine(name))) {
    name = crypto.randomUUID();
    sessionStorage.setItem(slot, name);
    await mine(name);
  }
  return new Streams(name, sessionStorage);
}
