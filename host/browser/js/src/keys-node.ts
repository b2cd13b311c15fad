// What keys.ts is in a browser: who this process is, kept in its directory. A
// file is not a browser's keeping: who can read it has the key.

import * as fs from "node:fs";
import { deserialize, serialize } from "node:v8";
import { replace, stored } from "./files-node.ts";
import { FilesError } from "./files.ts";
import type { Identity } from "./keys.ts";
import { base64, type Bytes, unbase64 } from "./mailbox.ts";

export { verify } from "./keys.ts";

/** A Kept is all of an Identity but its key, which stands beside it, and the program, which is larger and has a file of its own. */
interface Kept extends Omit<Identity, "pair" | "public" | "plan" | "modules"> {
  v: 1;
  private: string; // PKCS #8
  public: string;
}

const algorithm = "Ed25519";
const identityName = "identity";
const programName = "program";

export class Keeper {
  readonly #dir: string | null;
  readonly #key: CryptoKey;
  readonly #text: string; // of the key
  #plan: Identity["plan"]; // as it is in its file
  #modules: Identity["modules"];

  private constructor(dir: string | null, readonly identity: Omit<Identity, "pair">, key: CryptoKey, text: string) {
    this.#dir = dir;
    this.#key = key;
    this.#text = text;
    this.#plan = identity.plan;
    this.#modules = identity.modules;
  }

  static async open(dir: string, isVolatile: boolean): Promise<Keeper> {
    const bytes = isVolatile ? null : stored(dir, identityName);
    const kept = bytes ? read(dir, bytes) : await fresh();
    const { v, private: text, public: raw, ...rest } = kept;
    const program = bytes && (stored(dir, programName) as Bytes | null);
    const identity = { ...rest, public: unbase64(raw), ...(program && (deserialize(program) as Pick<Identity, "plan" | "modules">)) };
    const key = await crypto.subtle.importKey("pkcs8", unbase64(text), algorithm, false, ["sign"]);
    const keeper = new Keeper(isVolatile ? null : dir, identity, key, text);
    if (!bytes) await keeper.keep();
    return keeper;
  }

  async keep(): Promise<void> {
    if (this.#dir === null) return;
    const { plan, modules, public: raw, ...rest } = this.identity;
    if (plan !== this.#plan || modules !== this.#modules) replace(this.#dir, programName, serialize({ plan, modules }));
    this.#plan = plan;
    this.#modules = modules;
    replace(this.#dir, identityName, JSON.stringify({ v: 1, private: this.#text, public: base64(raw), ...rest } satisfies Kept));
  }

  async sign(statement: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.sign(algorithm, this.#key, statement));
  }

  close() {}
}

export async function forget(dir: string): Promise<void> {
  for (const name of [identityName, programName]) fs.rmSync(`${dir}/${name}`, { force: true });
}

async function fresh(): Promise<Kept> {
  const pair = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
  const [secret, raw] = await Promise.all([crypto.subtle.exportKey("pkcs8", pair.privateKey), crypto.subtle.exportKey("raw", pair.publicKey)]);
  return { v: 1, private: base64(new Uint8Array(secret)), public: base64(new Uint8Array(raw)), incarnation: 1, former: [], epoch: 0, isWritten: false };
}

function read(dir: string, bytes: Uint8Array): Kept {
  let kept: Kept | null = null;
  try {
    kept = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // What is no JSON is no identity of another version either.
  }
  if (kept?.v === 1) return kept;
  throw new FilesError("failed", `martinelli: read ${dir}/${identityName}: it is damaged, or of another version: put it back from a backup, or use another directory`);
}
