// What a program that Go links for js/wasm imports of its host, as far as the
// node of a page does: clock, die and timers. Of syscall/js there is nothing, as
// a call through it costs 12 microseconds: letters go through exported functions
// instead, and calls of an engine through imported ones. The ABI is cmd/link's
// and runtime's of Go 1.26: arguments lie on the stack, at eight bytes past the
// pointer given.

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

const argumentsAt = 4096; // where Go's linker leaves room for them

/** The collector has one thread with all else here: it comes when the heap is four times what lived, not twice, and costs a third less. */
const environment = "js\0GOGC=300\0";

/** start runs the program until its main waits, and returns what it exports.
 * more are imports of the program's own beside Go's. It fails where the
 * program imports what is not given here. */
export async function start(module: WebAssembly.Module, hooks: Hooks, more: WebAssembly.Imports = {}): Promise<Exports> {
  let exports: Exports;
  let mem: DataView;
  let exited = false;
  let line = "";
  const timers = new Map<number, ReturnType<typeof setTimeout>>();
  let timerLast = 0;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();

  const long = (at: number) => mem.getUint32(at, true) + mem.getInt32(at + 4, true) * 2 ** 32;
  const setLong = (at: number, v: number) => mem.setBigInt64(at, BigInt(Math.floor(v)), true);
  const bytes = (at: number) => new Uint8Array(mem.buffer, long(at), long(at + 8));
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
  };

  const unsigned = Object.fromEntries(Object.entries(gojs).map(([name, f]) => [name, (sp: number) => f(sp >>> 0)]));
  exports = (await WebAssembly.instantiate(module, { ...more, gojs: unsigned })).exports as Exports;
  mem = new DataView(exports.mem.buffer);
  new Uint8Array(mem.buffer).set(encoder.encode(environment), argumentsAt);
  mem.setUint32(argumentsAt + 32, argumentsAt, true); // argv[0] and, behind a zero, the environment; its end is zero too
  mem.setUint32(argumentsAt + 48, argumentsAt + 3, true);
  exports.run(1, argumentsAt + 32);
  return exports;
}
