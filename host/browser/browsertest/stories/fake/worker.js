// A worker that speaks the protocol of protocol.ts and has no node: a set, a
// counter by key and a log of what ran, kept in IndexedDB, so that stories can
// make it late, or let it die, where they want.

const name = crypto.randomUUID();
let channel, leader, batches = new Map(), watches = [], state = { tags: [], hits: {}, marks: {}, ran: [] };
let isMute = false;

const string = { kind: "string" };
const schema = {
  databases: [
    { name: "tags", lattice: "set<string>", keys: [], type: { kind: "set", of: string }, isScalar: false },
    { name: "hits", lattice: "counter", keys: [{ name: "page", type: string }], type: { kind: "int" }, isScalar: true },
    { name: "secret", lattice: "once", keys: [], type: { kind: "bool" }, isScalar: true },
  ],
  views: [{ name: "size", keys: [], type: { kind: "int" }, isScalar: true }],
  events: [
    { name: "tag", params: [{ name: "tag", type: string }], runs: "here" },
    { name: "untag", params: [{ name: "tag", type: string }], runs: "here" },
    { name: "hit", params: [{ name: "page", type: string }], runs: "here" },
    { name: "never", params: [], runs: "here" },
    { name: "buy", params: [], runs: "serial" },
    { name: "order", params: [], runs: "home" },
    { name: "mute", params: [], runs: "here" }, // it runs, and nobody hears of it
    { name: "die", params: [], runs: "here" },
  ],
};

const db = new Promise((resolve, reject) => {
  const opening = indexedDB.open("fake", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("state");
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = () => reject(opening.error);
});
const transact = async (mode, f) => {
  const t = (await db).transaction("state", mode);
  const asked = f(t.objectStore("state"));
  return new Promise((resolve) => (t.oncomplete = () => resolve(asked.result)));
};

let queue = Promise.resolve();
onmessage = ({ data }) => ((leader = data.tab), (queue = queue.then(() => hear(data))));

async function hear({ tab, requests }) {
  const replies = new Map([[tab, []]]); // by the tab they are for
  const to = (t) => replies.get(t) ?? replies.set(t, []).get(t);
  const changed = ({ name, added, removed }) => {
    for (const w of watches.filter((w) => w.name === name)) {
      to(w.tab).push({ op: "change", watch: w.id, name, full: false, added: JSON.stringify(added), removed: JSON.stringify(removed), settled: false });
    }
  };
  for (const q of requests) await serve(tab, q, to(tab), changed);
  if (requests.some((q) => q.op === "raise")) await transact("readwrite", (s) => s.put(state, "state"));
  for (const [t, said] of replies) if (said.length > 0 && !isMute) send(t, said);
}

function send(tab, replies) {
  const batch = tab === "" ? 0 : (batches.get(tab) ?? 0) + 1;
  batches.set(tab, batch);
  const envelope = { v: 1, worker: name, tab, batch, replies };
  if (tab === leader || tab === "") postMessage(envelope);
  if (tab !== leader) channel.postMessage(envelope);
}

const ready = () => ({ op: "ready", replica: "fa4e", user: "ann", role: "client", cluster: "c", schema, isFirst: state.ran.length === 0, records: state.ran.length, took: { wasm: 1, read: 2, open: 3 } });

async function serve(tab, q, replies, changed) {
  switch (q.op) {
    case "start":
      channel = new BroadcastChannel(`martinelli:${q.app}`);
      channel.onmessage = ({ data }) => data.requests && (queue = queue.then(() => hear(data)));
      state = (await transact("readonly", (s) => s.get("state"))) ?? state;
      if (q.role === "nobody") return replies.push({ op: "failed", kind: "admit", text: "nobody is admitted", final: true });
      send("", [ready()]);
      return;
    case "attach":
      return replies.push(ready());
    case "watch":
      if (q.name === "secret") return replies.push({ op: "answer", id: q.id, state: "aborted", last: true, why: "denied", detail: "not yours" });
      watches.push({ tab, id: q.id, name: q.name });
      return replies.push({ op: "change", watch: q.id, name: q.name, full: true, value: JSON.stringify(q.name === "size" ? state.tags.length : state[q.name]), settled: false });
    case "status":
      return replies.push({ op: "status", status: { online: false, server: false, peers: [], unsynced: state.ran.length, pending: 0, storage: { kind: "idb", state: "good", persisted: false, used: 1, quota: 2, text: "" }, members: 1, barred: "", notes: [] } });
    case "read":
      return replies.push({ op: "answer", id: q.id, state: "done", last: true, value: JSON.stringify(q.name === "ran" ? state.ran : state[q.name]) });
    case "stop":
      return replies.push({ op: "stopped" });
    case "raise":
      return raise(q, replies, changed);
  }
}

function raise(q, replies, changed) {
  const answer = (state, more = {}) => replies.push({ op: "answer", id: q.id, state, last: false, ...more });
  if (q.event === "never") return answer("aborted", { why: "never", detail: "it never does", last: true });
  if (q.event === "die") throw setTimeout(() => { throw new Error("it died"); });
  const isDuplicate = q.seq <= (state.marks[q.stream] ?? 0);
  if (!isDuplicate) {
    state.marks[q.stream] = q.seq;
    const { tag, page } = JSON.parse(q.args);
    state.ran.push(`${q.event} ${tag ?? page ?? ""}`.trim());
    const before = state.tags.length;
    if (q.event === "tag" && !state.tags.includes(tag)) {
      state.tags = [...state.tags, tag].sort((a, b) => a.codePointAt(0) - b.codePointAt(0) || (a < b ? -1 : 1));
      changed({ name: "tags", added: [tag], removed: [] });
    }
    if (q.event === "untag") {
      state.tags = state.tags.filter((t) => t !== tag);
      changed({ name: "tags", added: [], removed: [tag] });
    }
    if (state.tags.length !== before) changed({ name: "size", added: [state.tags.length], removed: [before] });
    if (q.event === "hit") {
      const n = state.hits[page];
      state.hits[page] = (n ?? 0) + 1;
      changed({ name: "hits", added: [[page, state.hits[page]]], removed: n ? [[page, n]] : [] });
    }
  }
  if (q.event === "mute") isMute = true;
  if (q.event === "order") return answer("pending", { item: `${q.stream}/${q.seq} ${q.outbox}` });
  answer("durable", { duplicate: isDuplicate });
  if (q.event === "buy") answer("committed", { last: true });
  else answer("synced", { last: true });
}
