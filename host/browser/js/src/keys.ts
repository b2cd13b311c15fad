// Who this device is: its key, which never leaves the browser's keeping, its
// pass, and what else it needs to start without a network.

import type { Bytes } from "./mailbox.ts";

/** An Identity is what is kept of one application in this browser. */
export interface Identity {
  pair: CryptoKeyPair;
  public: Bytes;
  incarnation: number;
  former: string[]; // ids of the incarnations before, hex
  epoch: number; // of the last start
  isWritten: boolean; // something was acknowledged out of this store
  admitted?: Admitted;
  plan?: Bytes;
  modules?: Record<string, Bytes>;
}

/** What /v1/admit answered. */
export interface Admitted {
  pass: string;
  cluster: string;
  root: string;
  steward: string;
  user: string;
  role: string;
  expires: number;
}

const algorithm = "Ed25519";
const table = "identity";

/** A Keeper keeps an identity, in IndexedDB or, where there is none, until a reload. */
export class Keeper {
  private constructor(
    readonly identity: Identity,
    readonly isNew: boolean,
    readonly db: IDBDatabase | null,
  ) {}

  static async open(app: string, isVolatile: boolean): Promise<Keeper> {
    const db = isVolatile ? null : await openDB(app).catch(() => null);
    const kept = db && (await done(db.transaction(table).objectStore(table).get(table)));
    if (kept) return new Keeper(kept as Identity, false, db);
    const keeper = new Keeper(await fresh(), true, db);
    await keeper.keep();
    return keeper;
  }

  /** keep writes what has changed. */
  async keep(): Promise<void> {
    if (!this.db) return;
    const tx = this.db.transaction(table, "readwrite", { durability: "strict" });
    tx.objectStore(table).put(this.identity, table);
    await new Promise<void>((resolve, reject) => {
      tx.oncomplete = () => resolve();
      tx.onabort = () => reject(tx.error);
    });
  }

  async sign(statement: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.sign(algorithm, this.identity.pair.privateKey, statement));
  }

  close() {
    this.db?.close();
  }
}

async function fresh(): Promise<Identity> {
  let pair: CryptoKeyPair;
  try {
    pair = (await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"])) as CryptoKeyPair;
  } catch {
    throw new Error("this browser has no Ed25519: take Chrome or Edge 137, Firefox 129, Safari 17 or later");
  }
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { pair, public: raw, incarnation: 1, former: [], epoch: 0, isWritten: false };
}

/** keysMax is how many authors' keys are kept ready. */
const keysMax = 1024;
const keys = new Map<string, Promise<CryptoKey>>();

/** verify reports whether a signature is good. */
export async function verify(raw: Bytes, signature: Bytes, statement: Bytes): Promise<boolean> {
  const name = String.fromCharCode(...raw);
  let key = keys.get(name);
  if (!key) {
    if (keys.size >= keysMax) keys.clear();
    keys.set(name, (key = crypto.subtle.importKey("raw", raw, algorithm, false, ["verify"])));
  }
  try {
    return await crypto.subtle.verify(algorithm, await key, signature, statement);
  } catch {
    return false; // bytes that are no key
  }
}

/** forget takes an identity away. */
export async function forget(app: string): Promise<void> {
  await done(indexedDB.deleteDatabase(nameOf(app)));
}

const nameOf = (app: string) => `martinelli:${app}:identity`;

function openDB(app: string): Promise<IDBDatabase> {
  const request = indexedDB.open(nameOf(app), 1);
  request.onupgradeneeded = () => request.result.createObjectStore(table);
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
