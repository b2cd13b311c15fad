// The order of values, which is that of collections and of keys: the same as on
// the Go side (package value), for values as they stand in JSON. There a
// record has its fields in the order of their names, so it needs no types.

import type { Type } from "./protocol.ts";

/** compare tells which of two values of one type comes first: below 0, 0 or above. */
export function compare(a: any, b: any): number {
  const kind = kindOf(a);
  if (kind !== kindOf(b)) return kind - kindOf(b);
  if (kind > 4) return compareLists(Object.entries(a).flat(), Object.entries(b).flat());
  if (kind > 3) return compareLists(a, b);
  if (kind > 2) return compareTexts(a, b);
  return a < b ? -1 : Number(a > b);
}

/** kindOf puts nil before bools, numbers, texts, lists and records. */
const kindOf = (v: unknown) => (v === null ? 0 : Array.isArray(v) ? 4 : ["boolean", "number", "string"].indexOf(typeof v) + 1 || 5);

function compareLists(a: unknown[], b: unknown[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const c = compare(a[i], b[i]);
    if (c !== 0) return c;
  }
  return a.length - b.length;
}

/** compareTexts has the order of UTF-8, which differs from that of UTF-16 where one of two is a surrogate. */
function compareTexts(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const c = a.codePointAt(i)! - b.codePointAt(i)!;
    if (c !== 0) return c;
  }
  return a.length - b.length;
}

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
