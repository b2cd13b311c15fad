// What a person with a keyboard, a screen reader or weak eyes finds.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const source = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** accessible holds a page to axe-core's rules, in light and in dark. */
export async function accessible(p) {
  for (const colorScheme of ["light", "dark"]) {
    await p.emulateMedia({ colorScheme });
    await p.evaluate(await source);
    const { violations } = await p.evaluate(() => globalThis.axe.run());
    assert.deepEqual(violations.map((v) => `${colorScheme}: ${v.id} at ${v.nodes.map((n) => n.target).join(", ")}: ${v.help}`), []);
  }
}
