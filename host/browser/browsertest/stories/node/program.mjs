// A Node.js program that does what the story tells it.

import { open } from "martinelli/node";

const app = await open(JSON.parse(process.argv[2])).catch((failed) => {
  process.send({ failed: { kind: failed.kind, text: failed.message } });
  process.exit();
});
const evaluated = (f) => new Function("app", "say", `return ${f}`)(app, (said) => process.send({ said }));

/** comes waits until an expression has a value; whatever it is of, one of these tells. */
function comes(f, expected) {
  return new Promise((resolve) => {
    const look = () => JSON.stringify(evaluated(f)) === expected && resolve();
    for (const of of [app, ...Object.values(app.databases), ...Object.values(app.views)]) of.subscribe(look);
    look();
  });
}

process.on("message", async ({ no, f, expected }) => {
  const value = await (expected === undefined ? evaluated(f) : comes(f, expected));
  process.send({ no, value });
});
process.on("disconnect", () => process.exit());
process.send({ open: true });
