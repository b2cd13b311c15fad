// What BenchmarkAlgebra of algebra_test.go does, done with Yjs, Loro and
// Automerge as their documents say, under the same names and printed as Go
// prints benchmarks, so that median reads both. One add, set or increment is
// one transaction. None of them has a set: it is a map whose keys are the
// elements. Yjs has no counter: it is a key that is set to the next number.
//
//	npm ci && node --expose-gc peers.mjs [part of a name]
import * as Y from "yjs";
import { LoroDoc } from "loro-crdt";
import * as A from "@automerge/automerge";

const setSize = 10_000;
const mapSets = 100_000;
const increments = 100_000;
const secondsMin = 0.5; // of measured time

// word is the i-th key, element or value: always eight bytes.
const word = (i) => "w" + String(i).padStart(7, "0");
const words = (from, to) => Array.from({ length: to - from }, (_, i) => word(from + i));

// Each peer: how often it does what takes it too long, a document with one map, and the verbs that are measured. A
// mutable document is returned again, so that Automerge's fit the same shape.
const yjs = {
  open: (id) => {
    const doc = new Y.Doc();
    doc.clientID = id;
    return doc;
  },
  set: (doc, key, value) => (doc.getMap("m").set(key, value), doc),
  fill: (doc, keys) => (doc.transact(() => keys.forEach((k) => doc.getMap("m").set(k, true))), doc),
  all: (doc) => Y.encodeStateAsUpdate(doc),
  load: (id, bytes) => yjs.merge(yjs.open(id), bytes),
  merge: (doc, bytes) => (Y.applyUpdate(doc, bytes), doc),
  digest: (doc) => Y.encodeStateVector(doc),
  since: (doc, digest) => Y.encodeStateAsUpdate(doc, digest),
  size: (doc) => doc.getMap("m").size,
  inc: (doc) => (doc.getMap("m").set("n", (doc.getMap("m").get("n") ?? 0) + 1), doc),
  count: (doc) => doc.getMap("m").get("n"),
  left: (doc) => Y.encodeStateAsUpdate(doc).length,
};

const loro = {
  open: (id) => {
    const doc = new LoroDoc();
    doc.setPeerId(BigInt(id));
    return doc;
  },
  set: (doc, key, value) => (doc.getMap("m").set(key, value), doc.commit(), doc),
  fill: (doc, keys) => {
    const m = doc.getMap("m");
    keys.forEach((k) => m.set(k, true));
    doc.commit();
    return doc;
  },
  all: (doc) => doc.export({ mode: "update" }),
  load: (id, bytes) => loro.merge(loro.open(id), bytes),
  merge: (doc, bytes) => (doc.import(bytes), doc),
  digest: (doc) => doc.version(),
  since: (doc, digest) => doc.export({ mode: "update", from: digest }),
  size: (doc) => doc.getMap("m").size,
  inc: (doc) => (doc.getCounter("n").increment(1), doc.commit(), doc),
  count: (doc) => doc.getCounter("n").value,
  left: (doc) => doc.export({ mode: "snapshot" }).length,
  leftShallow: (doc) => doc.export({ mode: "shallow-snapshot", frontiers: doc.frontiers() }).length,
};

const at = { time: 0 };
const automerge = {
  few: 50, // a change copies the map, so that 10,000 changes would take minutes
  fewSets: 1000,
  open: (id) => A.load(automergeRoot, { actor: String(id).padStart(32, "0") }),
  set: (doc, key, value) => A.change(doc, at, (d) => { d.m[key] = value; }),
  fill: (doc, keys) => A.change(doc, at, (d) => keys.forEach((k) => { d.m[k] = true; })),
  all: (doc) => A.save(doc),
  load: (id, bytes) => A.load(bytes, { actor: String(id).padStart(32, "0") }),
  merge: (doc, bytes) => A.loadIncremental(doc, bytes),
  digest: (doc) => A.getHeads(doc),
  since: (doc, digest) => A.saveSince(doc, digest),
  size: (doc) => Object.keys(doc.m).length,
  inc: (doc) => A.change(doc, at, (d) => d.n.increment(1)),
  count: (doc) => doc.n.value,
  left: (doc) => A.save(doc).length,
};
// All documents begin with one change, or each would make a map of its own.
const automergeRoot = A.save(A.change(A.init({ actor: "0".repeat(32) }), at, (d) => {
  d.m = {};
  d.n = new A.Counter(0);
}));

const peers = { yjs, loro, automerge };

// report prints a line as go test does.
function report(name, runs, metrics) {
  const cells = Object.entries(metrics).map(([unit, v]) => `${v >= 100 ? v.toFixed(0) : v.toPrecision(4)} ${unit}`);
  console.log([`BenchmarkAlgebra/${name}`, runs, ...cells].join("\t"));
}

// time repeats act, which is given what prepare made, until it has taken long
// enough; each act is so many operations.
function time(name, operations, prepare, act, check) {
  let ns = 0;
  let spent = 0;
  let runs = 0;
  do {
    const given = prepare();
    globalThis.gc?.();
    const took = stopwatch();
    const got = act(given);
    const t = took();
    ns += t.ns;
    spent += t.spent;
    runs += operations;
    check?.(got);
  } while (ns < secondsMin * 1e9);
  report(name, runs, { "ns/op": ns / runs, "cpu-ns/op": spent / runs });
}

// stopwatch begins to measure: time, and what the process spends of the processors.
function stopwatch() {
  const begun = process.hrtime.bigint();
  const before = process.cpuUsage();
  return () => {
    const used = process.cpuUsage(before);
    return { ns: Number(process.hrtime.bigint() - begun), spent: (used.user + used.system) * 1000 };
  };
}

const expect = (got, want) => {
  if (got !== want) throw new Error(`${got}, not ${want}`);
};

function add(name, p) {
  const base = p.all(p.fill(p.open(1), words(0, setSize)));
  const more = words(setSize, 2 * setSize);
  const some = more.slice(0, p.few ?? setSize);
  time(`add=10k/${name}`, some.length, () => p.load(2, base), (doc) => {
    for (const w of some) doc = p.set(doc, w, true);
    return doc;
  }, (doc) => expect(p.size(doc), setSize + some.length));
}

function joinOne(name, p) {
  const base = p.all(p.fill(p.open(1), words(0, setSize)));
  let from = p.load(2, base);
  const deltas = words(setSize, setSize + Math.min(1000, p.few ?? 1000)).map((w) => {
    const digest = p.digest(from);
    from = p.set(from, w, true);
    return p.since(from, digest);
  });
  time(`join=one-into-10k/${name}`, deltas.length, () => p.load(3, base), (doc) => {
    for (const d of deltas) doc = p.merge(doc, d);
    return doc;
  }, (doc) => expect(p.size(doc), setSize + deltas.length));
}

function join(name, p, label, shared) {
  const common = p.all(p.fill(p.open(1), words(0, shared)));
  const x = p.all(p.fill(p.load(2, common), words(shared, setSize)));
  const y = p.all(p.fill(p.load(3, common), words(setSize, 2 * setSize - shared)));
  time(`join=two-10k-${label}/${name}`, 1, () => p.load(4, x), (doc) => p.merge(doc, y),
    (doc) => expect(p.size(doc), 2 * setSize - shared));
}

function difference(name, p, label, missing) {
  const base = p.all(p.fill(p.open(1), words(0, setSize - missing)));
  const known = p.digest(p.load(2, base));
  const doc = p.fill(p.load(3, base), words(setSize - missing, setSize));
  time(`difference=${label}-of-10k/${name}`, 1, () => doc, (d) => p.since(d, known));
}

// mapSet: the bytes of each update alone, and of all of them in one.
function mapSet(name, p) {
  const keys = words(0, p.fewSets ?? mapSets);
  let doc = p.open(1);
  globalThis.gc?.();
  const took = stopwatch();
  for (const k of keys) doc = p.set(doc, k, k);
  const { ns, spent } = took();
  const all = p.all(doc).length;
  let alone = 0;
  const some = words(mapSets, mapSets + 100);
  for (const k of some) {
    const digest = p.digest(doc);
    doc = p.set(doc, k, k);
    alone += p.since(doc, digest).length;
  }
  report(`mapset=${keys.length / 1000}k/${name}`, 1, {
    "ns/op": ns, "ns/update": ns / keys.length, "cpu-ns/update": spent / keys.length,
    "B/update": all / keys.length, "B/update-alone": alone / some.length,
  });
}

function inc(name, p) {
  const n = p.fewSets ?? increments;
  let doc = p.open(1);
  const took = stopwatch();
  for (let i = 0; i < n; i++) doc = p.inc(doc);
  const { ns, spent } = took();
  expect(p.count(doc), n);
  const left = { "B-left": p.left(doc) };
  if (p.leftShallow) left["B-left-shallow"] = p.leftShallow(doc);
  report(`inc=${n / 1000}k/${name}`, 1, { "ns/op": ns, "ns/update": ns / n, "cpu-ns/update": spent / n, ...left });
}

const wanted = process.argv[2] ?? "";
console.log("pkg: github.com/martinelli-lang/martinelli/bench/peers");
for (const [name, p] of Object.entries(peers)) {
  for (const [label, run] of Object.entries({
    add: () => add(name, p),
    "join=one": () => joinOne(name, p),
    "join=apart": () => join(name, p, "apart", 0),
    "join=half-shared": () => join(name, p, "half-shared", setSize / 2),
    "difference=one": () => difference(name, p, "one", 1),
    "difference=half": () => difference(name, p, "half", setSize / 2),
    mapset: () => mapSet(name, p),
    inc: () => inc(name, p),
  })) {
    if (`${label}/${name}`.includes(wanted)) run();
  }
}
