// What a program that Go links for js/wasm imports of its host, as far as the
// node of a page does: clock, die, timers, and syscall/js without functions of
// Go that JavaScript calls, which would be 12 microseconds each. Letters go
// through exported functions instead. The ABI is cmd/link's and runtime's of
// Go 1.26: arguments lie on the stack, at eight bytes past the pointer given.

/** Exports are what the linked program gives: its memory, its two doors, and
 * the functions that it exports itself. */
export interface Exports extends WebAssembly.Exports {
  mem: WebAssembly.Memory;
  run(argc: number, argv: number): void;
  resume(): void;
  getsp(): number;
}

/** Hooks are what happens with the program from the outside. */
export interface Hooks {
  /** print takes a whole line that the program wrote to standard error. */
  print(line: string): void;
  /** exited is called once, after the program has ended: nothing of it may be called any more. */
  exited(code: number): void;
}

const nanHead = 0x7ff80000;
const argumentsAt = 4096; // where Go's linker leaves room for them

/** load compiles the program at url while it arrives. Where the server gives
 * it another type than application/wasm it is compiled when it is whole. */
export async function load(url: string | URL): Promise<WebAssembly.Module> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`martinelli: ${url} was answered with ${response.status}: serve page.wasm beside worker.js`);
  if (response.headers.get("Content-Type")?.startsWith("application/wasm")) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** start runs the program until its main waits, and returns what it exports.
 * more are imports of the program's own beside Go's. It fails where the
 * program imports what is not given here. */
export async function start(module: WebAssembly.Module, hooks: Hooks, more: WebAssembly.Imports = {}): Promise<Exports> {
  let exports: Exports;
  let mem: DataView;
  let exited = false;
  let line = "";
  const values = new Values();
  const timers = new Map<number, ReturnType<typeof setTimeout>>();
  let timerLast = 0;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();

  const long = (at: number) => mem.getUint32(at, true) + mem.getInt32(at + 4, true) * 2 ** 32;
  const setLong = (at: number, v: number) => mem.setBigInt64(at, BigInt(Math.floor(v)), true);
  const bytes = (at: number) => new Uint8Array(mem.buffer, long(at), long(at + 8));
  const text = (at: number) => decoder.decode(bytes(at));
  const get = (at: number) => values.get(mem, at);
  const put = (at: number, v: unknown) => values.put(mem, at, v);
  const list = (at: number) => Array.from({ length: long(at + 8) }, (_, i) => get(long(at) + i * 8));

  /** told writes what call gives and 1, or what it throws and 0, to where Go's
   * stack is afterwards: the call may have run Go code, which moves it. */
  const told = (at: number, call: () => unknown) => {
    let result: unknown, ok = 1;
    try {
      result = call();
    } catch (thrown) {
      result = thrown;
      ok = 0;
    }
    const sp = exports.getsp() >>> 0;
    put(sp + at, result);
    mem.setUint8(sp + at + 8, ok);
  };
  const resume = () => {
    if (!exited) exports.resume();
  };

  const gojs: Record<string, (sp: number) => void> = {
    "runtime.wasmExit"(sp) {
      exited = true;
      for (const timer of timers.values()) clearTimeout(timer);
      hooks.exited(mem.getInt32(sp + 8, true));
    },
    "runtime.wasmWrite"(sp) {
      const lines = (line + decoder.decode(new Uint8Array(mem.buffer, long(sp + 16), mem.getInt32(sp + 24, true)))).split("\n");
      line = lines.pop()!;
      lines.forEach(hooks.print);
    },
    "runtime.resetMemoryDataView"() {
      mem = new DataView(exports.mem.buffer);
    },
    "runtime.nanotime1"(sp) {
      setLong(sp + 8, (performance.timeOrigin + performance.now()) * 1e6);
    },
    "runtime.walltime"(sp) {
      const now = Date.now();
      setLong(sp + 8, now / 1000);
      mem.setInt32(sp + 16, (now % 1000) * 1e6, true);
    },
    "runtime.scheduleTimeoutEvent"(sp) {
      const id = ++timerLast;
      const fire = () => {
        resume();
        if (timers.has(id) && !exited) timers.set(id, setTimeout(fire, 1)); // Go asked early: golang.org/issue/28975
      };
      timers.set(id, setTimeout(fire, long(sp + 8)));
      mem.setInt32(sp + 16, id, true);
    },
    "runtime.clearTimeoutEvent"(sp) {
      const id = mem.getInt32(sp + 8, true);
      clearTimeout(timers.get(id));
      timers.delete(id);
    },
    "runtime.getRandomData"(sp) {
      crypto.getRandomValues(bytes(sp + 8));
    },

    "syscall/js.finalizeRef"(sp) {
      values.release(mem.getUint32(sp + 8, true));
    },
    "syscall/js.stringVal"(sp) {
      put(sp + 24, text(sp + 8));
    },
    "syscall/js.valueGet"(sp) {
      const result = Reflect.get(get(sp + 8), text(sp + 16));
      put((exports.getsp() >>> 0) + 32, result);
    },
    "syscall/js.valueSet"(sp) {
      Reflect.set(get(sp + 8), text(sp + 16), get(sp + 32));
    },
    "syscall/js.valueIndex"(sp) {
      put(sp + 24, Reflect.get(get(sp + 8), long(sp + 16)));
    },
    "syscall/js.valueSetIndex"(sp) {
      Reflect.set(get(sp + 8), long(sp + 16), get(sp + 24));
    },
    "syscall/js.valueLength"(sp) {
      setLong(sp + 16, get(sp + 8).length);
    },
    "syscall/js.valueCall"(sp) {
      told(56, () => {
        const of = get(sp + 8);
        return Reflect.apply(Reflect.get(of, text(sp + 16)), of, list(sp + 32));
      });
    },
    "syscall/js.valueInvoke"(sp) {
      told(40, () => Reflect.apply(get(sp + 8), undefined, list(sp + 16)));
    },
    "syscall/js.valueNew"(sp) {
      told(40, () => Reflect.construct(get(sp + 8), list(sp + 16)));
    },
    "syscall/js.valuePrepareString"(sp) {
      const encoded = encoder.encode(String(get(sp + 8)));
      put(sp + 16, encoded);
      setLong(sp + 24, encoded.length);
    },
    "syscall/js.valueLoadString"(sp) {
      bytes(sp + 16).set(get(sp + 8));
    },
    "syscall/js.copyBytesToGo"(sp) {
      const to = bytes(sp + 8), from = get(sp + 32);
      copied(sp + 40, to, from, from);
    },
    "syscall/js.copyBytesToJS"(sp) {
      const to = get(sp + 8), from = bytes(sp + 16);
      copied(sp + 40, to, from, to);
    },
  };
  const copied = (at: number, to: Uint8Array, from: Uint8Array, theirs: unknown) => {
    const fits = theirs instanceof Uint8Array || theirs instanceof Uint8ClampedArray;
    mem.setUint8(at + 8, fits ? 1 : 0);
    if (!fits) return;
    const part = from.subarray(0, to.length);
    to.set(part);
    setLong(at, part.length);
  };

  const unsigned = Object.fromEntries(Object.entries(gojs).map(([name, f]) => [name, (sp: number) => f(sp >>> 0)]));
  exports = (await WebAssembly.instantiate(module, { ...more, gojs: unsigned })).exports as Exports;
  mem = new DataView(exports.mem.buffer);
  new Uint8Array(mem.buffer).set(encoder.encode("js\0"), argumentsAt);
  mem.setUint32(argumentsAt + 8, argumentsAt, true); // argv[0]; its end and the environment's are zero
  exports.run(1, argumentsAt + 8);
  return exports;
}

/** Values are what Go holds of JavaScript. On Go's side one is eight bytes: a
 * number as itself, all else as a NaN that carries its index and its type. */
class Values {
  readonly #held: any[] = [NaN, 0, null, true, false, globalThis, {}];
  readonly #counts = this.#held.map(() => Infinity);
  readonly #ids = new Map<unknown, number>(this.#held.map((v, id) => [v, id]));
  readonly #free: number[] = [];

  get(mem: DataView, at: number): any {
    const f = mem.getFloat64(at, true);
    if (f === 0) return undefined;
    return Number.isNaN(f) ? this.#held[mem.getUint32(at, true)] : f;
  }

  put(mem: DataView, at: number, v: unknown) {
    if (v === undefined || (typeof v === "number" && v !== 0 && !Number.isNaN(v))) {
      mem.setFloat64(at, v ?? 0, true);
      return;
    }
    const id = this.#ids.get(v) ?? this.#hold(v);
    this.#counts[id]!++;
    const type = v === null ? 0 : { object: 1, string: 2, symbol: 3, function: 4 }[typeof v as string] ?? 0;
    mem.setUint32(at, id, true);
    mem.setUint32(at + 4, nanHead | type, true);
  }

  release(id: number) {
    if (--this.#counts[id]! > 0) return;
    this.#ids.delete(this.#held[id]);
    this.#held[id] = null;
    this.#free.push(id);
  }

  #hold(v: unknown): number {
    const id = this.#free.pop() ?? this.#held.length;
    this.#held[id] = v;
    this.#counts[id] = 0;
    this.#ids.set(v, id);
    return id;
  }
}
