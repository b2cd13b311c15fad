// The order of values, which is that of collections and of keys: the same as on
// the Go side (package value), for values as they stand in JSON.

import type { Type } from "./protocol.ts";

/** Order tells which of two values of one type comes first: below 0, 0 or above. */
export type Order = (a: any, b: any) => number;

/** orderOf returns the order of a type's values. */
export function orderOf(t: Type): Order {
  switch (t.kind) {
    case "list":
    case "set": {
      const of = orderOf(t.of);
      return (a, b) => inOrder(a, b, () => of);
    }
    case "tuple": {
      const of = t.of.map(orderOf);
      return (a, b) => inOrder(a, b, (i) => of[i]!);
    }
    case "record": {
      const fields = t.fields.map((f) => ({ name: f.name, order: orderOf(f.type) }));
      return (a, b) => {
        for (const { name, order } of fields) {
          const c = order(a[name], b[name]);
          if (c !== 0) return c;
        }
        return 0;
      };
    }
    case "maybe": {
      const of = orderOf(t.of);
      return (a, b) => (a !== null && b !== null ? of(a, b) : Number(a !== null) - Number(b !== null));
    }
    case "string":
    case "symbol":
    case "id":
      return byCodePoint;
    case "any":
      return anyOrder;
    default:
      return (a, b) => (a < b ? -1 : Number(a > b));
  }
}

function inOrder(a: unknown[], b: unknown[], of: (i: number) => Order): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const c = of(i)(a[i], b[i]);
    if (c !== 0) return c;
  }
  return a.length - b.length;
}

/** byCodePoint is the order of UTF-8, which differs from that of UTF-16 where one of two is a surrogate. */
function byCodePoint(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const c = a.codePointAt(i)! - b.codePointAt(i)!;
    if (c !== 0) return c;
  }
  return a.length - b.length;
}

/** anyOrder is the order by what stands there: nil, bools, numbers, texts, lists, objects. */
function anyOrder(a: any, b: any): number {
  const c = kindOf(a) - kindOf(b);
  if (c !== 0) return c;
  switch (kindOf(a)) {
    case 3:
      return byCodePoint(a, b);
    case 4:
      return inOrder(a, b, () => anyOrder);
    case 5:
      return inOrder(Object.entries(a).flat(), Object.entries(b).flat(), () => anyOrder);
  }
  return a < b ? -1 : Number(a > b);
}

const kindOf = (v: unknown) => (v === null ? 0 : typeof v === "boolean" ? 1 : typeof v === "number" ? 2 : typeof v === "string" ? 3 : Array.isArray(v) ? 4 : 5);

/** emptyOf is what a key that holds nothing reads as. */
export function emptyOf(t: Type): unknown {
  switch (t.kind) {
    case "set":
    case "list":
      return [];
    case "bool":
      return false;
    case "int":
    case "nat":
    case "float":
    case "time":
      return 0;
    case "string":
      return "";
    case "record":
      return Object.fromEntries(t.fields.map((f) => [f.name, emptyOf(f.type)]));
    default:
      return null;
  }
}
