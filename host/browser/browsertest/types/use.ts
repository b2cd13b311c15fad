// What an editor knows of a program whose types "martinelli gen ts" made. Only
// the compiler reads it; a line behind @ts-expect-error must be refused.

import { open, type App, type Outcome } from "martinelli";
import { useApp, useAt, useLive, useStatus } from "martinelli/react";
import type { Item, Shop } from "gen/shop";

export async function use(): Promise<Outcome> {
  const app: App<Shop> = await open<Shop>({ app: "shop", user: "ann" });
  const prices: number[] = app.databases.items.value.map((i: Item) => i.price);
  const title: string | null = app.databases.title.at("en");
  const cart: readonly string[] = app.databases.cart.at("ann");
  const isOpen: boolean = app.databases.open.value;
  const ids: string[] = app.views.priced.at(3).map((p) => p.of);
  app.events.name({ lang: "en", text: `${title} ${prices} ${cart} ${isOpen} ${ids}` });
  app.events.close();
  // @ts-expect-error the program has no such event
  app.events.nothing();
  // @ts-expect-error text is missing
  app.events.name({ lang: "en" });
  // @ts-expect-error a price is a number
  app.views.priced.at("3");
  // @ts-expect-error a value is not changed in place
  app.databases.items.value.push({ id: "a", price: 1, tags: [] });
  const { outcome, durable, acked } = app.events.take({ item_id: "a" }, { now: true });
  await durable;
  await acked;
  return outcome;
}

export function Component(): string {
  const opened = useApp<Shop>({ app: "shop" });
  return opened.state === "open" ? opened.app.user : String(opened.error);
}

export function Cart({ app }: { app: App<Shop> }): string {
  const cart: readonly string[] = useAt(app.databases.cart, "ann");
  const cheap: readonly Item[] = useLive(app.views.cheap);
  return `${cart.length} ${cheap.length} ${useStatus(app).unsynced}`;
}

export async function untyped(): Promise<unknown> {
  const app = await open({ app: "any" });
  await app.events["tag"]!({ tag: "red" }).durable;
  return app.views["whatever"].value;
}
