// The package in Node.js, and what its worker has there in the place of what
// only browsers have. Only the compiler reads this.

import { Failed, open, type App } from "martinelli/node";
import type { Shop } from "gen/shop";
import type * as browserKeys from "../../js/src/keys.ts";
import type * as nodeKeys from "../../js/src/keys-node.ts";
import type * as browserStorage from "../../js/src/storage.ts";
import type * as nodeStorage from "../../js/src/storage-node.ts";

export async function use(): Promise<number> {
  const app: App<Shop> = await open<Shop>({ dir: "data", servers: ["https://shop.example"], user: "ann", plan: "shop.plan" });
  const prices: number[] = app.databases.items.value.map((i) => i.price);
  // @ts-expect-error the program has no such event
  app.events.nothing();
  // @ts-expect-error a directory has to be said
  await open<Shop>({ servers: [] }).catch((failed: Failed) => failed.kind);
  // @ts-expect-error there is one kind of files
  await open({ dir: "data", storage: "opfs" });
  await app.close({ forget: true });
  return prices.length;
}

/** Worker is what worker.ts takes of both. */
type Worker = {
  Keeper: { open(app: string, isVolatile: boolean): Promise<Keeper> };
  forget: typeof browserKeys.forget;
  verify: typeof browserKeys.verify;
};
type Keeper = Omit<Pick<browserKeys.Keeper, "identity" | "keep" | "sign" | "close">, "identity"> & { identity: Omit<browserKeys.Identity, "pair"> };
type Storage = Pick<typeof browserStorage, "openFiles" | "persist" | "removeFiles" | "usage">;

export const keys = (browser: typeof browserKeys, node: typeof nodeKeys): Worker[] => [browser, node];
export const storage = (browser: typeof browserStorage, node: typeof nodeStorage): Storage[] => [browser, node];
