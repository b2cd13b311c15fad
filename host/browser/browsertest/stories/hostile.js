// The worker of a page that means harm. It is let in, as its node is the one that
// users have and says truly who it is; what a tab hands over on the channel
// "hostile" then goes over its links, between the node's own words.

const names = ["control", "commits", "bulk"];
const upAfter = 3; // messages on control: a greeting, a proof, and what only comes over a link that is up
const lines = { websocket: null, webrtc: null }; // the last of each kind

/** line begins another one of a kind. */
function line(via, streams, control) {
  const l = (lines[via] = { streams, heard: 0 });
  control.addEventListener("message", () => l.heard++);
}

globalThis.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols);
    const channel = names.indexOf(new URL(url).searchParams.get("channel"));
    if (channel === 0) line("websocket", [], this);
    lines.websocket.streams[channel] = this;
  }
};

const piece = 60_000; // what a data channel takes at a time
const waitingMax = 1 << 20;
const isOpen = (s) => s.readyState === 1 || s.readyState === "open";
const until = async (is) => {
  while (!is()) await new Promise((again) => setTimeout(again, 5));
};

/** assail says bytes over a stream, as often as it is told, and waits until it is hung up on, where that is to be. */
async function assail(s, { bytes, times, ends }) {
  const over = new Promise((resolve) => s.addEventListener("close", resolve));
  const size = s instanceof WebSocket ? bytes.length : piece;
  for (let n = 0; n < times && isOpen(s); n++) {
    for (let at = 0; at < bytes.length && isOpen(s); at += size) {
      await until(() => !isOpen(s) || s.bufferedAmount < waitingMax);
      if (isOpen(s)) s.send(bytes.slice(at, at + size));
    }
  }
  if (ends) await over;
}

const orders = new BroadcastChannel("hostile");
orders.onmessage = async ({ data }) => {
  const target = () => (lines[data.via]?.heard >= upAfter ? lines[data.via].streams[data.channel] : null);
  await until(() => target() && isOpen(target()));
  await assail(target(), data);
  orders.postMessage("done");
};

// What comes before the worker is there is kept for it.
const early = [];
onmessage = (e) => early.push(e);
addEventListener("message", ({ data }) => {
  for (const r of data.requests ?? []) if (r.op === "streams") line("webrtc", r.streams, r.streams[0]);
});
await import("./worker.js");
for (const e of early) onmessage(e);
