// What the program has, as the screens want it. Every value is read from this
// tab's memory; nothing here waits for anybody.

import type { App, Event, Live, Status } from "martinelli";

export interface Wine { id: string; estate: string; grape: string; place: string; vintage: number; cents: number }
export interface Fav { wine: string; sure: number }
export interface Order { wine: string; qty: number; at: number }
export interface Photo { jpeg: string; taken: number }

/** Program is what the pages use of wine.mrt, in either version. */
export interface Program {
  databases: { [name: string]: any };
  views: { [name: string]: any };
  events: {
    photo: Event<{ source: string; photo: Photo }, "here">;
    favor: Event<{ source: string; wine: string }, "here">;
    discard: Event<{ owner: string; source: string; fav: Fav }, "here">;
    share: Event<{ friend: string; wine: string }, "here">;
    befriend: Event<{ friend: string }, "here">;
    unfriend: Event<{ friend: string }, "here">;
    buy: Event<{ wine_id: string; qty: number }, "serial">;
  };
}

/** Bottle is a wine in a cellar, with how it came there: a picture, a friend, one's own hand. */
export interface Bottle { owner: string; source: string; fav: Fav; wine: Wine }

/** Wish is an order on its way. */
export interface Wish { key: string; wine: string; qty: number; state: "asking" | "pending" | "bought" | "refused"; why: string }

/** hand is the source of what a person puts into a cellar without a picture. */
export const hand = "hand";

export class Model {
  readonly wishes: Wish[] = [];
  readonly raised = new Map<string, number>(); // when a picture was taken in this tab, by its source
  constructor(readonly app: App<Program>) {}

  get me(): string { return this.app.user; }
  get status(): Status { return this.app.status; }

  #value<V>(name: string, none: V): V {
    const live: Live<V> | undefined = this.app.views[name] ?? this.app.databases[name];
    return live?.value ?? none;
  }
  #asOf(name: string): Date | null {
    return (this.app.views[name] ?? this.app.databases[name])?.asOf ?? null;
  }

  #wines: [readonly Wine[], Map<string, Wine>] = [[], new Map()];
  /** wines are the catalogue, by id. */
  get wines(): Map<string, Wine> {
    const list = this.#value<readonly Wine[]>("wines", []);
    if (list !== this.#wines[0]) this.#wines = [list, new Map([...list].sort((a, b) => (a.id < b.id ? -1 : 1)).map((w) => [w.id, w]))];
    return this.#wines[1];
  }

  /** bottles are all that this device may see, by their owner. */
  get bottles(): Map<string, Bottle[]> {
    const all = new Map<string, Bottle[]>();
    for (const [key, favs] of Object.entries(this.#value<Record<string, readonly Fav[]>>("favorites", {}))) {
      const [owner, source] = JSON.parse(key) as [string, string];
      for (const fav of favs) {
        const wine = this.wines.get(fav.wine);
        if (wine) all.set(owner, [...(all.get(owner) ?? []), { owner, source, fav, wine }]);
      }
    }
    return all;
  }

  mine(wine: string): Bottle[] { return (this.bottles.get(this.me) ?? []).filter((b) => b.wine.id === wine); }
  at(owner: string, source: string): Bottle[] { return (this.bottles.get(owner) ?? []).filter((b) => b.source === source); }

  get recs(): { wine: Wine; score: number }[] {
    return this.#value<readonly { wine: string; score: number }[]>("top_recs", [])
      .flatMap((r) => { const wine = this.wines.get(r.wine); return wine ? [{ wine, score: r.score }] : []; });
  }

  /** isPulled says that all of this is the server's, as in version 1: a page sees its own through views, and others' bottles. */
  get #isPulled(): boolean { return "my_photos" in this.app.views; }

  /** friends are those who may see this cellar; hosts those whose cellar is seen here. */
  get friends(): readonly string[] {
    return this.#isPulled ? this.#value<readonly string[]>("my_friends", []) : (this.#value<Record<string, readonly string[]>>("friends", {})[this.me] ?? []);
  }
  get hosts(): string[] {
    const friends = this.#value<Record<string, readonly string[]>>("friends", {});
    return (this.#isPulled ? [...this.bottles.keys()] : Object.keys(friends).filter((u) => friends[u]!.includes(this.me))).filter((u) => u !== this.me).sort();
  }

  get photos(): { source: string; photo: Photo }[] {
    const kept = () => Object.entries(this.#value<Record<string, Photo | null>>("photos", {}))
      .map(([key, photo]) => ({ key: JSON.parse(key) as [string, string], photo }))
      .flatMap(({ key, photo }): [string, Photo][] => (key[0] === this.me && photo ? [[key[1], photo]] : []));
    const all = this.#isPulled ? this.#value<readonly [string, Photo][]>("my_photos", []) : kept();
    return all.map(([source, photo]) => ({ source, photo })).sort((a, b) => b.photo.taken - a.photo.taken);
  }

  /** stock is how many bottles there are, or null where the shop has not answered yet. */
  stock(wine: string): number | null {
    const shelf = this.#value<readonly { wine: string; left: number }[]>("shelf", []);
    return shelf.length === 0 ? null : (shelf.find((s) => s.wine === wine)?.left ?? 0);
  }
  get stockAsOf(): Date | null { return this.#asOf("shelf"); }

  get orders(): readonly Order[] {
    return [...this.#value<readonly Order[]>("bought", [])].sort((a, b) => b.at - a.at);
  }
}
