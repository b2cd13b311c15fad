// The browser's engine for the functions that a program imports as
// WebAssembly. The node has put fuel into them, so each call ends.

import type { Bytes } from "./mailbox.ts";

type Instance = { memory: WebAssembly.Memory; exports: WebAssembly.Exports };

/** engine is what page.wasm imports under the name "martinelli": memory is its own, modules are by the import's "from". */
export function engine(memory: () => WebAssembly.Memory, modules: Record<string, Bytes>): Record<string, (...args: any[]) => number | bigint | void> {
  const instances: Instance[] = [];
  const decoder = new TextDecoder();
  let asked: Bytes = new Uint8Array();
  const own = (at: number, size: number) => new Uint8Array(memory().buffer, at >>> 0, size);
  const text = (at: number, size: number) => decoder.decode(own(at, size));
  const theirs = (i: number) => new Uint8Array(instances[i]!.memory.buffer);
  const variable = (i: number, at: number, size: number) => instances[i]!.exports[text(at, size)] as WebAssembly.Global;
  return {
    fetched(at: number, size: number) {
      const found = modules[text(at, size)];
      asked = found ?? new Uint8Array();
      return found ? found.length : -1;
    },
    take(at: number) {
      own(at, asked.length).set(asked);
    },
    instantiate(at: number, size: number) {
      try {
        const { exports } = new WebAssembly.Instance(new WebAssembly.Module(own(at, size).slice()));
        const found = Object.values(exports).find((e) => e instanceof WebAssembly.Memory);
        return instances.push({ memory: found as WebAssembly.Memory, exports }) - 1;
      } catch {
        return -1;
      }
    },
    call(i: number, at: number, size: number, count: number, a: bigint, b: bigint, result: number) {
      const f = instances[i]!.exports[text(at, size)] as (...args: unknown[]) => unknown;
      try {
        const v = f(...[a, b].slice(0, count).map(Number));
        const n = typeof v === "bigint" ? v : BigInt(Number(v ?? 0));
        new DataView(memory().buffer).setBigInt64(result >>> 0, n, true);
        return 0;
      } catch {
        return 1;
      }
    },
    size: (i: number) => theirs(i).length,
    grow(i: number, pages: number) {
      try {
        instances[i]!.memory.grow(pages);
        return 0;
      } catch {
        return 1;
      }
    },
    read(i: number, at: number, size: number, into: number) {
      const from = theirs(i);
      if ((at >>> 0) + size > from.length) return 1;
      own(into, size).set(from.subarray(at >>> 0, (at >>> 0) + size));
      return 0;
    },
    write(i: number, at: number, size: number, from: number) {
      const to = theirs(i);
      if ((at >>> 0) + size > to.length) return 1;
      to.set(own(from, size), at >>> 0);
      return 0;
    },
    global(i: number, at: number, size: number) {
      const v = variable(i, at, size).value;
      return typeof v === "bigint" ? v : BigInt(v);
    },
    setGlobal(i: number, at: number, size: number, v: bigint) {
      const g = variable(i, at, size);
      g.value = typeof g.value === "bigint" ? v : Number(v);
    },
  };
}
