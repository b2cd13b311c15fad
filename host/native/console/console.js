// The live console: one stream of server-sent events carries the status every
// second and every change of every value. Nothing is asked twice.

const shownMax = 200; // elements of one value that are drawn
const namesMax = 64; // values that are watched

const $ = (id) => document.getElementById(id);
const values = new Map(); // name -> {kind, items: Map(text -> text), scalar, box}
let dirty = new Set();

function element(tag, text, className) {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text;
  if (className) e.className = className;
  return e;
}

function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let i = 0;
  for (; n >= 1024 && i < units.length - 1; i++) n /= 1024;
  return (i ? n.toFixed(1) : n) + " " + units[i];
}

const lag = (ms) => (ms < 0 ? "never synced" : ms < 1000 ? ms + " ms" : (ms / 1000).toFixed(1) + " s");
const trip = (us) => (us <= 0 ? "-" : us < 1000 ? us + " µs" : (us / 1000).toFixed(1) + " ms");
const sum = (channels, field) => Object.values(channels ?? {}).reduce((n, c) => n + c[field], 0);

function say(text, className) {
  if ($("state").textContent !== text) $("state").textContent = text;
  $("state").className = className;
}

function drawStatus(s) {
  $("name").textContent = s.name + " (" + s.role + ")";
  document.title = s.name + " - Martinelli";
  if (s.barred) say("this node may not write any more: " + s.barred + "; start it with --new-replica", "bad");
  else if (s.disk.full) say("the disk is full: writes are refused", "bad");
  else say("live", "good");
  const figures = {
    Replica: s.id.slice(0, 8),
    "First node": s.steward === s.id ? "this one" : s.steward.slice(0, 8),
    Commits: s.counts.Commits,
    Aborts: s.counts.Aborts,
    "Parts applied": s.counts.Applied,
    Entries: s.entries,
    "Waiting parts": s.pending,
    "In the outbox": s.outbox,
    Late: s.counts.Late,
    "Missing pieces": s.missing,
    Violations: s.due,
    "Repair rounds": s.repairs,
    "Forked chains": s.forks,
    "Bad seals": s.counts.Doubted,
    Shunned: s.counts.Shunned,
    "Queue in": s.queues.inputs + s.queues.urgent,
    "Queue out": s.queues.outputs,
    Store: bytes(s.disk.size),
  };
  $("node").replaceChildren(...Object.entries(figures).map(([name, figure]) => {
    const box = element("div");
    box.append(element("dt", name), element("dd", typeof figure === "number" ? figure.toLocaleString() : figure));
    return box;
  }));
  $("alone").hidden = s.members.length > 0;
  $("members").replaceChildren(...s.members.map((m) => {
    const row = element("tr");
    const name = element("th", m.name || m.id.slice(0, 8));
    name.scope = "row";
    row.append(name, element("td", m.role), element("td", m.state, m.state), element("td", lag(m.lag_ms)), element("td", trip(m.rtt_us)),
      element("td", bytes(sum(m.channels, "sent"))), element("td", bytes(sum(m.channels, "received"))), element("td", sum(m.channels, "dropped")));
    return row;
  }));
}

function boxOf(name) {
  let v = values.get(name);
  if (!v) {
    const box = element("article");
    const title = element("h3", name);
    title.append(element("span"));
    box.append(title, element("ol"));
    v = { items: new Map(), scalar: undefined, box };
    values.set(name, v);
    const after = [...values.keys()].sort();
    $("values").replaceChildren(...after.map((n) => values.get(n).box));
    filter();
  }
  return v;
}

// A database with keys arrives as an object, and its changes as arrays that
// begin with the key; a collection as an array of elements; anything else is a scalar.
function start({ name, value }) {
  const v = boxOf(name);
  v.items.clear();
  v.keyed = value !== null && typeof value === "object" && !Array.isArray(value);
  if (Array.isArray(value)) for (const x of value) v.items.set(JSON.stringify(x), "");
  else if (v.keyed) for (const [k, x] of Object.entries(value)) v.items.set(k, JSON.stringify(x));
  else v.scalar = value;
  v.isScalar = !v.keyed && !Array.isArray(value);
  dirty.add(name);
}

function change({ name, added, removed }) {
  const v = boxOf(name);
  if (v.isScalar) v.scalar = added.at(-1);
  else if (v.keyed) changeKeys(v, added, removed);
  else {
    for (const x of removed) v.items.delete(JSON.stringify(x));
    for (const x of added) v.items.set(JSON.stringify(x), "");
  }
  dirty.add(name);
}

// The last value of a change holds the element, those before it the key.
function changeKeys(v, added, removed) {
  const split = (row) => [row.length === 2 ? String(row[0]) : JSON.stringify(row.slice(0, -1)), row.at(-1)];
  const isSet = (key) => (v.items.get(key) ?? "").startsWith("[");
  for (const [key, x] of removed.map(split)) {
    if (!isSet(key)) { v.items.delete(key); continue; }
    const rest = JSON.parse(v.items.get(key)).filter((y) => JSON.stringify(y) !== JSON.stringify(x));
    if (rest.length) v.items.set(key, JSON.stringify(rest));
    else v.items.delete(key);
  }
  for (const [key, x] of added.map(split)) {
    if (isSet(key)) v.items.set(key, JSON.stringify([...JSON.parse(v.items.get(key)), x]));
    else v.items.set(key, JSON.stringify(x));
  }
}

function draw() {
  for (const name of dirty) {
    const v = values.get(name);
    const count = v.box.querySelector("span");
    const list = v.box.querySelector("ol");
    if (v.isScalar) {
      count.textContent = "";
      list.replaceChildren(element("li", JSON.stringify(v.scalar)));
      continue;
    }
    count.textContent = v.items.size.toLocaleString();
    const rows = [];
    for (const [key, text] of v.items) {
      if (rows.length === shownMax) break;
      rows.push(element("li", v.keyed ? key + ": " + text : key));
    }
    if (v.items.size > shownMax) rows.push(element("li", "and " + (v.items.size - shownMax).toLocaleString() + " more"));
    list.replaceChildren(...rows);
  }
  dirty.clear();
}

function filter() {
  const text = $("filter").value.toLowerCase();
  for (const [name, v] of values) v.box.hidden = !name.toLowerCase().includes(text);
}

// watch opens the one stream. It begins anew whenever the stream ends: the
// node was restarted, or this page was too slow.
async function watch() {
  for (;;) {
    try {
      const status = await (await fetch("v1/status")).json();
      drawStatus(status);
      await stream([...status.databases, ...status.views].slice(0, namesMax));
    } catch {
      // said below
    }
    say("not connected; trying again", "bad");
    await new Promise((done) => setTimeout(done, 1000));
  }
}

function stream(names) {
  const query = new URLSearchParams([["status", "1"], ...names.map((name) => ["name", name])]);
  const source = new EventSource("v1/watch?" + query);
  return new Promise((ended) => {
    const end = () => { source.close(); ended(); };
    source.addEventListener("status", (e) => drawStatus(JSON.parse(e.data)));
    source.addEventListener("value", (e) => start(JSON.parse(e.data)));
    source.addEventListener("change", (e) => change(JSON.parse(e.data)));
    source.addEventListener("lost", end);
    source.onerror = end;
  });
}

$("filter").addEventListener("input", filter);
setInterval(() => requestAnimationFrame(draw), 200);
watch();
