// A worker whose node breaks when a tab says so, on the channel "upset". What runs
// is the worker that users have: what is upset is what the browser gives it.

let upset = "";
const channel = new BroadcastChannel("upset");
channel.onmessage = ({ data }) => ((upset = data), channel.postMessage("heard"));

/** once reports whether it is the time to upset that, once. */
const once = (what) => upset === what && ((upset = ""), true);

/** wrapped is an instance whose letters go astray. */
function wrapped(instance) {
  const { mailbox, deliver } = instance.exports;
  if (!deliver) return instance;
  const exports = { ...instance.exports };
  exports.deliver = (size) => {
    if (once("panic")) return deliver(size + 1_000_000); // of letters that are not there
    if (once("garbage")) {
      new Uint8Array(exports.mem.buffer, mailbox(size) >>> 0, size).fill(0xff);
      return deliver(size);
    }
    const written = deliver(size);
    if (once("trap")) throw new WebAssembly.RuntimeError("unreachable"); // all that it wrote is never acted on
    return written;
  };
  return { exports };
}

/** lying are imports of which one says what is not so. */
function lying(imports) {
  const { fetched } = imports?.martinelli ?? {};
  if (!fetched) return imports;
  return { ...imports, martinelli: { ...imports.martinelli, fetched: (...args) => (once("lie") ? 0x7fffffff : fetched(...args)) } };
}

for (const name of ["instantiate", "instantiateStreaming"]) {
  const make = WebAssembly[name].bind(WebAssembly);
  WebAssembly[name] = async (from, imports) => {
    const made = await make(from, lying(imports));
    return made.instance ? { ...made, instance: wrapped(made.instance) } : wrapped(made);
  };
}

// What comes before the worker is there is kept for it.
const early = [];
onmessage = (e) => early.push(e);
await import("./worker.js");
for (const e of early) onmessage(e);
