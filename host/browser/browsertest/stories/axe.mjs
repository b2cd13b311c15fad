// What a person with a keyboard, a screen reader or weak eyes finds.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const source = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** accessible holds a page to axe-core's rules, in light and in dark: colours are all that differs. */
export async function accessible(p, where = "") {
  if (!(await p.evaluate(() => "axe" in globalThis))) await p.evaluate(await source);
  for (const colorScheme of ["light", "dark"]) {
    await p.emulateMedia({ colorScheme });
    const options = colorScheme === "dark" ? { runOnly: ["color-contrast"] } : {};
    const { violations } = await p.evaluate((options) => globalThis.axe.run(options), { ...options, resultTypes: ["violations"] });
    assert.deepEqual(violations.map((v) => `${where} ${colorScheme}: ${v.id} at ${v.nodes.map((n) => n.target).join(", ")}: ${v.help}`), []);
  }
}
