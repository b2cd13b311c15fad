// A database or view as a tab holds it: what the worker says of changes, made
// into values that are read without asking anybody.

import { Aborted } from "./errors.ts";
import { compare, emptyOf } from "./order.ts";
import type { Answer, Change, Database, JSONText, Type, View } from "./protocol.ts";

/** A Watcher begins to watch a Live, once. */
export type Watcher = (live: Live) => void;

export class Live {
  readonly name: string;
  readonly loaded: Promise<unknown>;
  settled = false;
  asOf: Date | null = null;
  isWatched = false;
  #isLoaded = false;

  readonly #held: Whole | Elements | Keys;
  readonly #watch: Watcher;
  readonly #listeners = new Set<() => void>();
  #load!: (value: unknown) => void;
  #refuse!: (why: Error) => void;

  constructor(of: Database | View, watch: Watcher) {
    this.name = of.name;
    this.#watch = watch;
    this.#held = of.keys.length > 0 ? new Keys(of) : of.isScalar ? new Whole(of.type) : new Elements();
    this.loaded = new Promise((resolve, reject) => {
      this.#load = resolve;
      this.#refuse = reject;
    });
    this.loaded.catch(() => {}); // nobody need wait for it
  }

  get value(): unknown {
    this.#watch(this);
    return this.#held.value;
  }

  at(...key: unknown[]): unknown {
    this.#watch(this);
    if (!(this.#held instanceof Keys)) throw new TypeError(`${this.name} has no keys`);
    return this.#held.at(key);
  }

  subscribe(listener: () => void): () => void {
    this.#watch(this);
    const own = () => listener(); // the same listener twice is two
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** take brings in what the worker says; tell says so to those who listen, after all of a batch is in. */
  take(c: Change) {
    if (c.full) this.#held.fill(JSON.parse(c.value!));
    else this.#held.change(list(c.removed), list(c.added));
    this.settled = c.settled;
    this.asOf = c.asOf ? new Date(c.asOf) : null;
  }

  tell() {
    if (!this.#isLoaded) this.#load(this.#held.value); // asking for the value makes it, which a batch need not
    this.#isLoaded = true;
    for (const listener of [...this.#listeners]) listener();
  }

  refuse(a: Answer) {
    this.#refuse(new Aborted(a.why ?? "", a.detail ?? ""));
  }
}

const list = (text: JSONText | undefined): unknown[] => (text === undefined ? [] : JSON.parse(text));

/** Whole is a value that is replaced as a whole. */
class Whole {
  value: unknown;
  constructor(type: Type) {
    this.value = emptyOf(type);
  }
  fill(value: unknown) {
    this.value = value;
  }
  change(_removed: unknown[], added: unknown[]) {
    if (added.length > 0) this.value = added[added.length - 1];
  }
  get isEmpty() {
    return false;
  }
}

/**
 * Elements are a collection. Its array is made anew when it is asked for after a
 * change: what is to come is sorted, and merged with what is there, so a batch
 * costs the collection once.
 */
class Elements {
  #array: readonly unknown[] = [];
  #removed: unknown[] = [];
  #added: unknown[] = [];

  get value(): readonly unknown[] {
    if (this.#removed.length + this.#added.length > 0) this.#settle();
    return this.#array;
  }

  get isEmpty(): boolean {
    return this.value.length === 0;
  }

  fill(value: unknown) {
    this.#array = value as unknown[];
    this.#removed = [];
    this.#added = [];
  }

  change(removed: unknown[], added: unknown[]) {
    if (removed.length > 0 && this.#added.length > 0) this.#settle();
    for (const v of removed) this.#removed.push(v);
    for (const v of added) this.#added.push(v);
  }

  #settle() {
    const gone = this.#removed.sort(compare), come = this.#added.sort(compare);
    const out: unknown[] = [];
    let g = 0, c = 0;
    const put = (v: unknown) => {
      if (out.length === 0 || compare(out[out.length - 1], v) !== 0) out.push(v);
    };
    for (const v of this.#array) {
      while (g < gone.length && compare(gone[g], v) < 0) g++;
      if (g < gone.length && compare(gone[g], v) === 0) continue;
      while (c < come.length && compare(come[c], v) < 0) put(come[c++]);
      put(v);
    }
    while (c < come.length) put(come[c++]);
    this.#array = out;
    this.#removed = [];
    this.#added = [];
  }
}

/** Keys are a value for each key, those that are not empty. */
class Keys {
  readonly #of: Database | View;
  readonly #empty: unknown;
  readonly #cells = new Map<string, { key: unknown[]; held: Whole | Elements }>();
  #object: Readonly<Record<string, unknown>> | null = Object.freeze({});
  #isSorted = true;

  constructor(of: Database | View) {
    this.#of = of;
    this.#empty = Object.freeze(emptyOf(of.type));
  }

  /** value has its members in the order of the keys, but for those that JavaScript takes for indices. */
  get value(): Readonly<Record<string, unknown>> {
    if (this.#object) return this.#object;
    const cells = [...this.#cells];
    if (!this.#isSorted) {
      cells.sort((a, b) => compare(a[1].key, b[1].key));
      this.#cells.clear();
      for (const [name, cell] of cells) this.#cells.set(name, cell);
      this.#isSorted = true;
    }
    return (this.#object = Object.fromEntries(cells.map(([name, cell]) => [name, cell.held.value])));
  }

  at(key: unknown[]): unknown {
    return this.#cells.get(nameOf(key))?.held.value ?? this.#empty;
  }

  fill(value: unknown) {
    this.#cells.clear();
    for (const [name, v] of Object.entries(value as Record<string, unknown>)) {
      const held = this.#cell();
      held.fill(v);
      const key = keyOf(name, this.#of);
      this.#cells.set(nameOf(key), { key, held }); // Go escapes other characters than JavaScript
    }
    this.#object = null;
    this.#isSorted = false;
  }

  change(removed: unknown[], added: unknown[]) {
    const changes = new Map<string, { key: unknown[]; removed: unknown[]; added: unknown[] }>();
    const note = (all: unknown[], what: "removed" | "added") => {
      for (const element of all as unknown[][]) {
        const key = element.slice(0, this.#of.keys.length);
        const name = nameOf(key);
        let change = changes.get(name);
        if (!change) changes.set(name, (change = { key, removed: [], added: [] }));
        change[what].push(element[this.#of.keys.length]);
      }
    };
    note(removed, "removed");
    note(added, "added");
    for (const [name, change] of changes) this.#change(name, change);
    this.#object = null;
  }

  #change(name: string, { key, removed, added }: { key: unknown[]; removed: unknown[]; added: unknown[] }) {
    let cell = this.#cells.get(name);
    if (!cell) {
      this.#cells.set(name, (cell = { key, held: this.#cell() }));
      this.#isSorted = false;
    }
    cell.held.change(removed, added);
    if (this.#of.isScalar ? added.length === 0 : removed.length > 0 && cell.held.isEmpty) this.#cells.delete(name);
  }

  #cell(): Whole | Elements {
    return this.#of.isScalar ? new Whole(this.#of.type) : new Elements();
  }
}

/** nameOf writes a key as the member of an object: one that is a text as it is, others as JSON. */
const nameOf = (key: unknown[]): string => (key.length > 1 ? JSON.stringify(key) : typeof key[0] === "string" ? key[0] : JSON.stringify(key[0]));

function keyOf(name: string, of: Database | View): unknown[] {
  if (of.keys.length > 1) return JSON.parse(name);
  const kind = of.keys[0]!.type.kind;
  return [kind === "string" || kind === "id" || kind === "symbol" ? name : JSON.parse(name)];
}
