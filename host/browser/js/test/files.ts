// What all files of a journal must do, whatever keeps them: at random actions
// compared with arrays of bytes, closed and opened again now and then.

import { type Action, type Files, fileCount, flush, truncate, write } from "../src/files.ts";

/** Fails with a sentence where the files differ from arrays of bytes. */
export async function checkFiles(open: () => Promise<Files>, rounds = 300): Promise<void> {
  let files = await open();
  const want: Uint8Array[] = Array.from({ length: fileCount }, () => new Uint8Array());
  const random = dice(42);
  for (let round = 0; round < rounds; round++) {
    const actions = Array.from({ length: 1 + random(4) }, () => randomAction(want, random));
    actions.push({ kind: flush, file: 1, at: 0, bytes: new Uint8Array() });
    await files.run(actions);
    if (round % 7 === 0) await files.run(actions.filter((a, i) => i === actions.length - 2 && a.kind === write)); // once more
    if (round % 40 === 39) {
      await files.close();
      files = await open();
      compare(await files.read(), want, round);
    }
  }
  compare(await files.read(), want, rounds);
  await files.close();
}

/** What a bare durable write of this environment costs: median milliseconds of a write of 400 bytes with its flush. */
export async function timeWrites(open: () => Promise<Files>, n = 300): Promise<number> {
  const files = await open();
  const took: number[] = [];
  const bytes = new Uint8Array(400);
  for (let i = 0; i < n; i++) {
    const start = performance.now();
    await files.run([{ kind: write, file: 1, at: 400 * i, bytes }, { kind: flush, file: 1, at: 0, bytes }]);
    took.push(performance.now() - start);
  }
  await files.close();
  return took.sort((a, b) => a - b)[n >> 1]!;
}

function randomAction(want: Uint8Array[], random: (n: number) => number): Action {
  const file = random(fileCount);
  const old = want[file]!;
  if (random(12) === 0) {
    const at = file === 0 || random(3) === 0 ? 0 : random(old.length + 1);
    want[file] = old.slice(0, at);
    return { kind: truncate, file, at, bytes: new Uint8Array() };
  }
  const at = file === 0 ? random(2) * 4096 : old.length; // the head is written in its two slots, a log at its end
  const bytes = Uint8Array.from({ length: file === 0 ? 21 : random(300) }, () => random(256));
  const next = new Uint8Array(Math.max(old.length, at + bytes.length));
  next.set(old);
  next.set(bytes, at);
  want[file] = next;
  return { kind: write, file, at, bytes };
}

function compare(got: Uint8Array[], want: Uint8Array[], round: number): void {
  want.forEach((w, file) => {
    const g = got[file]!;
    if (g.length !== w.length || g.some((b, i) => b !== w[i])) {
      throw new Error(`round ${round}: file ${file} has ${g.length} bytes and should have ${w.length}, or others`);
    }
  });
}

/** A die of its own, so that a failure can be had again. */
function dice(seed: number): (n: number) => number {
  return (n) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
}
