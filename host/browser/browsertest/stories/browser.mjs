// A chromium for the stories of one file, and pages in it.

import { after, before } from "node:test";
import { chromium } from "playwright-core";

/** args let chromium run as root and without a screen, and keep it from speaking with anybody. */
export const args = [
  "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-default-apps", "--no-first-run", "--mute-audio",
];

/** browse starts the browser before the stories of this file and ends it after them. */
export function browse() {
  const held = { browser: null };
  before(async () => {
    held.browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args });
  });
  after(() => held.browser?.close());
  return held;
}

/** page is a page of a context at url; what goes wrong inside it is shown with the story. */
export async function page(context, url) {
  const p = await context.newPage();
  p.on("pageerror", (e) => console.error("page:", e.stack ?? e.message));
  p.on("console", (m) => m.type() === "error" && m.text() !== "" && console.error("page:", m.text()));
  await p.goto(url);
  return p;
}
