// What a person with a keyboard, a screen reader or weak eyes finds.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const source = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** accessible holds a page to axe-core's rules; in the schemes after the first to those of colours, which are all that differs. */
export async function accessible(p, where = "", schemes = ["light", "dark"]) {
  if (!(await p.evaluate(() => "axe" in globalThis))) await p.evaluate(await source);
  for (const colorScheme of schemes) {
    await p.emulateMedia({ colorScheme });
    const options = { resultTypes: ["violations"], ...(colorScheme !== schemes[0] && { runOnly: ["color-contrast"] }) };
    const { violations } = await p.evaluate((options) => globalThis.axe.run(options), options);
    assert.deepEqual(violations.map((v) => `${where} ${colorScheme}: ${v.id} at ${v.nodes.map((n) => n.target).join(", ")}: ${v.help}`), []);
  }
}
