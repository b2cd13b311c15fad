// How a screen looks: what can be held to a rule is, and a picture of the rest is
// left in the folder SCREENS for people.

import assert from "node:assert/strict";
import { join } from "node:path";
import { accessible } from "./axe.mjs";

/** looked holds a screen to what every screen is to be, in these schemes; pictures are taken in both. */
export async function looked(p, name, schemes) {
  await p.waitForFunction(() => document.fonts.status === "loaded" && [...document.images].every((i) => i.complete || i.loading === "lazy"));
  await accessible(p, name, schemes);
  assert.deepEqual(await p.evaluate(crooked), [], `${name}: what is cut off or sticks out`);
  if (!process.env.SCREENS) return;
  for (const colorScheme of ["light", "dark"]) {
    await p.emulateMedia({ colorScheme });
    await p.screenshot({ path: join(process.env.SCREENS, `${name}-${colorScheme}.png`) });
  }
}

/** crooked lists pictures that are missing, text that is cut off and what makes a page wider than its window. In a page. */
function crooked() {
  const found = [];
  const of = (e) => `${e.tagName.toLowerCase()}.${e.className}: ${(e.textContent || e.getAttribute("src") || "").trim().slice(0, 40)}`;
  const { clientWidth } = document.documentElement;
  if (document.documentElement.scrollWidth > clientWidth) found.push(`the page is ${document.documentElement.scrollWidth} wide in ${clientWidth}`);
  for (const e of document.querySelectorAll("body *")) {
    const style = getComputedStyle(e);
    const box = e.getBoundingClientRect();
    if (box.width === 0 || style.visibility === "hidden" || e.closest(".sr, .skip")) continue;
    if (e instanceof HTMLImageElement && e.complete && e.naturalWidth === 0 && e.loading !== "lazy") found.push(`no picture: ${of(e)}`);
    const isText = [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.nodeValue.trim() !== "");
    if (isText && style.overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1) found.push(`cut off: ${of(e)}`);
    if (isText && !e.closest(".chips") && (box.left < -1 || box.right > clientWidth + 1)) found.push(`sticks out: ${of(e)}`);
  }
  return found;
}
