// The screens, each a function of the model and of where the person is.

import { html, type Markup } from "./dom.ts";
import { type Bottle, hand, type Model, type Wine } from "./model.ts";
import { date, many, percent, price, time } from "./words.ts";

/** Place is where the person is. */
export interface Place {
  screen: Screen;
  cellar: string; // whose is shown
  search: string;
  grape: string;
  camera: boolean; // it is on
  invite: string; // a link that was made
  answer: string; // to a link that was taken
}

export type Screen = "cellar" | "discover" | "scan" | "friends" | "shop";

export const screens: { name: Screen; title: string; icon: string }[] = [
  { name: "cellar", title: "Cellar", icon: "M5 20V9a7 7 0 0 1 14 0v11M3 20h18M9 20v-7h6v7M9 16.5h6" },
  { name: "discover", title: "Discover", icon: "M12 3.5l2.3 5.6 6 .5-4.6 3.9 1.4 5.9L12 16.2l-5.1 3.2 1.4-5.900L3.7 9.600l6-.5z" },
  { name: "scan", title: "Scan", icon: "M4 8.500V6a2 2 0 0 1 2-2h2.500M15.5 4H18a2 2 0 0 1 2 2v2.500M20 15.500V18a2 2 0 0 1-2 2h-2.500M8.5 20H6a2 2 0 0 1-2-2v-2.500M8.5 7.500h7v9h-7z" },
  { name: "friends", title: "Friends", icon: "M9 11.500a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 4.800a3.5 3.5 0 0 1 0 6.400M17.5 14.400c2.4.7 4 2.8 4 5.6" },
  { name: "shop", title: "Shop", icon: "M10 2.500h4v4.700c0 1.5 2.5 2.6 2.5 5.600v7a1.7 1.7 0 0 1-1.7 1.700H9.200a1.7 1.7 0 0 1-1.7-1.700v-7c0-3 2.5-4.1 2.5-5.600zM7.5 13.500h9M7.5 18h9" },
];

export const icon = (path: string) => html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;

const label = (w: Wine, lazy = true) =>
  html`<img class="label" src="labels/${w.id}.png" alt="" width="300" height="400" ${lazy ? html`loading="lazy"` : ""} decoding="async">`;

const name = (w: Wine) => html`<span class="estate">${w.estate}</span><span class="grape">${w.grape} ${w.vintage}</span>`;

/** how says how a bottle came into a cellar. */
export function how(b: Bottle, me: string): string {
  if (b.source === hand) return b.owner === me ? "added by you" : "added by hand";
  if (/^p-/.test(b.source)) return `from a photo, ${percent(b.fav.sure)} sure`;
  return b.owner === me ? `shared with ${b.source}` : `shared by ${b.source === me ? "you" : b.source}`;
}

const empty = (title: string, text: unknown, action?: Markup) =>
  html`<div class="empty"><div class="glass" aria-hidden="true">${icon("M8 3h8c.700 4.5-.3 9-4 9S7.3 7.5 8 3zM12 12v8M8.5 20.500h7M7.9 7h8.2")}</div><h2>${title}</h2><p>${text}</p>${action}</div>`;

function cellar(m: Model, p: Place): Markup {
  const all = m.bottles, owner = m.hosts.includes(p.cellar) ? p.cellar : m.me;
  const bottles = [...(all.get(owner) ?? [])].sort((a, b) => a.wine.estate.localeCompare(b.wine.estate) || a.wine.id.localeCompare(b.wine.id));
  const owners = [m.me, ...m.hosts];
  return html`
    ${owners.length > 1 ? html`<div class="chips" role="group" aria-label="Whose cellar">${owners.map((o) => html`
      <button class="chip" data-key="${o}" data-do="whose" data-of="${o}" aria-pressed="${o === owner ? "true" : "false"}">${o === m.me ? "Mine" : o}
        <span class="n">${(all.get(o) ?? []).length}</span></button>`)}</div>` : ""}
    ${bottles.length === 0
      ? owner === m.me
        ? empty("An empty cellar", "Photograph a label, or take a bottle from the shop. What you put here stays on this device, network or not.",
            html`<div class="row"><a class="button" href="#scan">Scan a label</a><a class="button quiet" href="#shop">Look around</a></div>`)
        : empty("Nothing here yet", `${owner} has put nothing into this cellar.`)
      : html`<ul class="shelf">${bottles.map((b) => html`
        <li data-key="${b.source}/${b.wine.id}">
          <button class="bottle" data-do="open" data-of="${b.wine.id}" data-owner="${b.owner}" data-source="${b.source}">
            ${label(b.wine)}<span class="text">${name(b.wine)}<span class="how">${how(b, m.me)}</span></span>
          </button>
        </li>`)}</ul>`}`;
}

function discover(m: Model): Markup {
  const recs = m.recs;
  if (recs.length === 0) {
    return empty("Nothing to go by", "Put a wine into your cellar, and this page follows from it: from how wines measure, and from what friends of your taste have.",
      html`<div class="row"><a class="button" href="#scan">Scan a label</a><a class="button quiet" href="#shop">Look around</a></div>`);
  }
  const because = (w: Wine) => {
    const has = m.hosts.filter((h) => (m.bottles.get(h) ?? []).some((b) => b.wine.id === w.id));
    return has.length > 0 ? `in the cellar of ${has.join(" and ")}` : "close to what you have, by measurement";
  };
  const [first, ...rest] = recs as [(typeof recs)[0], ...typeof recs];
  return html`
    <article class="first" data-key="first">
      <button class="plain" data-do="open" data-of="${first.wine.id}" aria-label="${first.wine.estate}, ${first.wine.grape} ${first.wine.vintage}">${label(first.wine, false)}</button>
      <div><p class="eyebrow">First of all</p><h2>${first.wine.estate}</h2><p class="grape">${first.wine.grape} ${first.wine.vintage}, ${first.wine.place}</p>
        <p class="how">${because(first.wine)}</p>
        <div class="row"><button class="button" data-do="favor" data-of="${first.wine.id}">Into the cellar</button></div></div>
    </article>
    <ol class="list" start="2">${rest.map((r) => html`
      <li data-key="${r.wine.id}"><button class="line" data-do="open" data-of="${r.wine.id}">
        ${label(r.wine)}<span class="text">${name(r.wine)}<span class="how">${because(r.wine)}</span></span>
        <span class="score" title="how well it fits"><span class="bar"><i style="width:${Math.round(100 * r.score)}%"></i></span><span class="n">${Math.round(100 * r.score)}</span></span>
      </button></li>`)}</ol>`;
}

const samples = [1, 2, 3, 4, 5, 6];

function scan(m: Model, p: Place): Markup {
  const now = Date.now();
  return html`<div class="take">
    <div class="finder">
      ${p.camera
        ? html`<video id="video" data-still muted playsinline aria-label="What the camera sees"></video>`
        : html`<div class="dark"><p>Hold the label into the frame.</p></div>`}
      <div class="frame" aria-hidden="true"></div>
    </div>
    <div class="shutter">
      ${p.camera
        ? html`<button class="round" data-do="shoot" aria-label="Take the picture"></button><button class="button quiet" data-do="dark">Camera off</button>`
        : html`<button class="button" data-do="camera">Use the camera</button>
          <label class="button quiet over">Choose a picture<input class="file" type="file" accept="image/*" data-on="file"></label>`}
    </div></div>
    <section aria-labelledby="try"><h2 id="try" class="small">No bottle at hand? Try one of these</h2>
      <ul class="samples">${samples.map((n) => html`<li><button class="plain" data-do="sample" data-of="${n}" aria-label="Sample picture ${n}"><img src="samples/${n}.jpg" alt="" width="160" height="160" loading="lazy"></button></li>`)}</ul>
    </section>
    ${m.photos.length === 0 ? "" : html`<section aria-labelledby="taken"><h2 id="taken" class="small">Your pictures</h2>
      <ul class="list">${m.photos.map(({ source, photo }) => {
        const found = m.at(m.me, source)[0];
        const isNew = now - (m.raised.get(source) ?? 0) < 4000;
        return html`<li data-key="${source}"><div class="line">
          <img class="shot" src="data:image/jpeg;base64,${photo.jpeg}" alt="" width="160" height="160">
          ${found ? label(found.wine) : html`<span class="label unknown ${isNew ? "looking" : ""}" aria-hidden="true">?</span>`}
          <span class="text">${found
            ? html`${name(found.wine)}<span class="how">${percent(found.fav.sure)} sure, in your cellar</span>`
            : isNew
              ? html`<span class="estate">Looking…</span><span class="how">on this device</span>`
              : html`<span class="estate">No wine of the catalogue</span><span class="how">closer, straighter, without a lamp in the glass</span>`}</span>
          ${found ? html`<button class="icon" data-do="discard" data-of="${found.wine.id}" data-owner="${m.me}" data-source="${source}" aria-label="Not this wine: throw ${found.wine.estate} out">${icon("M6 6l12 12M18 6L6 18")}</button>` : ""}
        </div></li>`;
      })}</ul></section>`}`;
}

function friends(m: Model, p: Place): Markup {
  const all = [...new Set([...m.friends, ...m.hosts])].sort();
  return html`
    <section class="card">
      <p class="eyebrow">You are</p><h2>${m.me}</h2>
      <p>Friends see your cellar with its pictures, put wines into it and throw them out. It goes from device to device, through a server or without one.</p>
    </section>
    <form class="card" data-on="befriend"><label for="friend">Make somebody a friend</label>
      <div class="field"><input id="friend" name="friend" required maxlength="60" autocomplete="off" autocapitalize="none" placeholder="a name"><button class="button">Add</button></div></form>
    ${all.length === 0 ? "" : html`<ul class="list people">${all.map((f) => {
      const given = m.friends.includes(f), got = m.hosts.includes(f);
      return html`<li data-key="${f}"><div class="line"><span class="face" aria-hidden="true">${f.slice(0, 1).toUpperCase()}</span>
        <span class="text"><span class="estate">${f}</span><span class="how">${given ? "sees your cellar" : "does not see your cellar"}; ${got ? html`<a href="#cellar/${encodeURIComponent(f)}">you see ${f}’s</a>` : `you don’t see ${f}’s yet`}</span></span>
        ${given
          ? html`<button class="button quiet" data-do="unfriend" data-of="${f}">End<span class="sr"> the friendship with ${f}</span></button>`
          : html`<button class="button" data-do="befriend" data-of="${f}">Let in<span class="sr"> ${f}</span></button>`}
      </div></li>`;
    })}</ul>`}
    <section class="card"><h2 class="small">By a link</h2>
      <p>Who opens this link is asked to let you into their cellar, and you are asked nothing more once you have added them.</p>
      <div class="field"><input readonly aria-label="Link to your name" value="${location.origin + location.pathname}#friend/${encodeURIComponent(m.me)}"><button class="button quiet" data-do="copy" data-of="${location.origin + location.pathname}#friend/${encodeURIComponent(m.me)}">Copy</button></div>
      <h2 class="small">Device to device, with no server</h2>
      <p>An invite links this device to another, or lets a new one of yours in. It gives you a text back, which you take here.</p>
      ${p.invite ? html`<div class="field"><input readonly aria-label="Invite for a device" value="${p.invite}"><button class="button quiet" data-do="copy" data-of="${p.invite}">Copy</button></div>`
        : html`<div class="row"><button class="button quiet" data-do="invite">Make an invite</button><button class="button quiet" data-do="invite" data-of="${m.me}">Invite a new device of mine</button></div>`}
      <form data-on="accept"><div class="field"><input name="text" required autocomplete="off" aria-label="An invite, or the answer to yours" placeholder="an invite, or the answer to yours"><button class="button quiet">Take</button></div></form>
      ${p.answer ? html`<p>Give this back to who invited you:</p><div class="field"><input readonly aria-label="Answer to the invite" value="${p.answer}"><button class="button quiet" data-do="copy" data-of="${p.answer}">Copy</button></div>` : ""}
    </section>`;
}

const grapes = ["Nebbiolo", "Grignolino", "Barbera"];

function shop(m: Model, p: Place): Markup {
  const words = p.search.toLowerCase().split(/\s+/).filter(Boolean);
  const wines = [...m.wines.values()].filter((w) =>
    (!p.grape || w.grape === p.grape) && words.every((x) => `${w.estate} ${w.grape} ${w.place} ${w.vintage}`.toLowerCase().includes(x)));
  const asOf = m.stockAsOf;
  return html`
    ${m.wishes.length + m.orders.length === 0 ? "" : html`<section aria-labelledby="orders"><h2 id="orders" class="small">Orders</h2><ul class="list">
      ${m.wishes.filter((w) => w.state !== "bought").map((o) => {
        const w = m.wines.get(o.wine);
        return w ? html`<li data-key="${o.key}"><div class="line order ${o.state}">${label(w)}<span class="text">${name(w)}
          <span class="how">${o.state === "asking" ? "Asking the shop…" : o.state === "pending" ? "Pending: it is decided when the shop is reached" : o.why}</span></span>
          ${o.state === "refused" ? html`<button class="icon" data-do="forget" data-of="${o.key}" aria-label="Dismiss">${icon("M6 6l12 12M18 6L6 18")}</button>` : html`<span class="wait" aria-hidden="true"></span>`}</div></li>` : "";
      })}
      ${m.orders.slice(0, 6).map((o) => {
        const w = m.wines.get(o.wine);
        return w ? html`<li data-key="${o.at}/${o.wine}"><div class="line order">${label(w)}<span class="text">${name(w)}<span class="how">${many(o.qty, "bottle")}, ${date(o.at)}</span></span><span class="paid">Bought</span></div></li>` : "";
      })}</ul></section>`}
    <div class="filter">
      <input type="search" aria-label="Search the catalogue" placeholder="Search ${m.wines.size} wines" value="${p.search}" data-on="search">
      <div class="chips" role="group" aria-label="Grape">${grapes.map((g) => html`<button class="chip" data-do="grape" data-of="${g}" aria-pressed="${p.grape === g ? "true" : "false"}">${g}</button>`)}</div>
    </div>
    ${!m.status.server && asOf ? html`<p class="note">The shop is away. What it has is shown as of ${time(asOf)}.</p>` : ""}
    <ul class="shelf">${wines.map((w) => {
      const n = m.stock(w.id);
      return html`<li data-key="${w.id}"><button class="bottle" data-do="open" data-of="${w.id}">${label(w)}
        <span class="text">${name(w)}<span class="how">${price(w.cents)}<span class="left ${n === 0 ? "out" : ""}">${n === null ? "" : n === 0 ? "sold out" : n <= 3 ? `${n} left` : ""}</span></span></span></button></li>`;
    })}</ul>
    ${wines.length === 0 ? html`<p class="note">${m.wines.size === 0 ? "The catalogue is on its way from the shop." : "No wine of that name."}</p>` : ""}`;
}

const bodies: Record<Screen, (m: Model, p: Place) => Markup> = { cellar, discover, scan, friends, shop };

/** pill says in two words how this device is connected. */
function pill(m: Model): Markup {
  const s = m.status;
  const state = s.barred ? "barred" : s.server ? "server" : s.online ? "peers" : "off";
  const pages = s.peers.filter((p) => p.via !== "websocket").length;
  const words = s.barred ? "Barred" : s.server ? "Online" : s.online ? many(pages, "peer") : "Offline";
  const waits = s.unsynced + s.pending;
  return html`<button class="pill ${state}" data-do="status" aria-haspopup="dialog"><i aria-hidden="true"></i>${words}${s.server && pages > 0 ? html`<span class="n">+${pages}</span>` : ""}${waits > 0 ? html`<span class="n">${waits} to send</span>` : ""}<span class="sr">, connection</span></button>`;
}

/** page is the whole application at a place. */
export function page(m: Model, p: Place): Markup {
  const here = screens.find((s) => s.name === p.screen)!;
  const trouble = m.status.barred || (m.status.storage.state === "good" ? "" : m.status.storage.text);
  return html`
    <header><p class="brand" aria-hidden="true">Cantina</p><h1>${here.title}</h1>${pill(m)}</header>
    ${trouble ? html`<p class="trouble" role="alert">${trouble}</p>` : ""}
    <main id="main" tabindex="-1" class="${p.screen}" data-key="${p.screen}">${bodies[p.screen](m, p)}</main>
    <nav aria-label="Screens">${screens.map((s) => html`<a href="#${s.name}" ${s.name === p.screen ? html`aria-current="page"` : ""}>${icon(s.icon)}<span>${s.title}</span></a>`)}</nav>`;
}

const close = html`<button class="icon close" data-do="close" aria-label="Close">${icon("M6 6l12 12M18 6L6 18")}</button>`;

/** detail is the sheet about one wine; with a bottle, of that one. */
export function detail(m: Model, w: Wine, bottle: Bottle | undefined): Markup {
  const n = m.stock(w.id), mine = m.mine(w.id);
  const wish = m.wishes.filter((o) => o.wine === w.id).at(-1);
  return html`${close}<div class="detail">${label(w, false)}
    <div class="facts"><p class="eyebrow">${w.place}, ${w.vintage}</p><h2 id="sheet-title">${w.estate}</h2><p class="grape">${w.grape}</p>
      ${bottle ? html`<p class="how">${how(bottle, m.me)}</p>` : ""}
      <p class="cost">${price(w.cents)} <span class="how">${n === null ? "the shop has not answered yet" : n === 0 ? "sold out" : `${many(n, "bottle")} left`}${m.stockAsOf && !m.status.server ? `, as of ${time(m.stockAsOf)}` : ""}</span></p>
      <div class="row">
        <button class="button" data-do="buy" data-of="${w.id}" ${n === 0 ? html`disabled` : ""}>Buy one</button>
        ${mine.length === 0 ? html`<button class="button quiet" data-do="favor" data-of="${w.id}">Into the cellar</button>` : ""}
        ${bottle ? html`<button class="button quiet" data-do="discard" data-of="${w.id}" data-owner="${bottle.owner}" data-source="${bottle.source}">Throw out</button>` : ""}
      </div>
      ${wish ? html`<p class="outcome ${wish.state}" role="status">${wish.state === "asking" ? "Asking the shop…" : wish.state === "pending" ? "Pending: it is decided when the shop is reached." : wish.state === "bought" ? "Bought. It is yours." : wish.why}</p>` : ""}
      ${m.hosts.length === 0 ? "" : html`<p class="eyebrow share">Share with</p><div class="chips">${m.hosts.map((f) => {
        const has = (m.bottles.get(f) ?? []).some((b) => b.wine.id === w.id);
        return html`<button class="chip" data-do="share" data-of="${w.id}" data-owner="${f}" ${has ? html`disabled` : ""}>${f}${has ? html`<span class="n">has it</span>` : ""}</button>`;
      })}</div>`}
    </div></div>`;
}

/** connections is the sheet about links, storage and what waits. */
export function connections(m: Model): Markup {
  const s = m.status;
  const via = { websocket: "by WebSocket", webrtc: "page to page", broadcast: "in this browser" };
  return html`${close}<div class="connections"><h2 id="sheet-title">${s.server ? "Connected to a server" : s.online ? "Connected to friends’ pages" : "On your own"}</h2>
    <p>${s.online ? "What you do here reaches others at once." : "Everything here goes on working. What you do is kept on this device, and goes out when somebody can be reached."}</p>
    <dl>
      <dt>On no other device yet</dt><dd>${many(s.unsynced, "change")}</dd>
      <dt>Waiting for the server</dt><dd>${many(s.pending, "event")}</dd>
      <dt>Kept in</dt><dd>${{ opfs: "this browser’s private files", idb: "IndexedDB", file: "a file", memory: "memory: a reload forgets it" }[s.storage.kind]}, ${(s.storage.used / 1048576).toFixed(1)} MB</dd>
    </dl>
    ${s.peers.length === 0 ? "" : html`<ul class="list">${s.peers.map((p) => html`<li data-key="${p.id}"><div class="line"><span class="text"><span class="estate">${p.name || p.id.slice(0, 8)}</span><span class="how">${p.role}, ${via[p.via]}</span></span><span class="n">${p.rtt > 0 ? `${p.rtt < 10 ? p.rtt.toFixed(1) : Math.round(p.rtt)} ms` : ""}</span></div></li>`)}</ul>`}
    ${s.storage.persisted ? "" : html`<button class="button quiet" data-do="persist">Ask the browser to keep this</button>`}</div>`;
}

/** asking is the sheet that a friend's link opens. */
export const asking = (friend: string): Markup => html`${close}<div class="connections"><h2 id="sheet-title">Let ${friend} in?</h2>
  <p>${friend} would see your cellar with its pictures, and could put wines into it or throw them out. You can end it at any time.</p>
  <div class="row"><button class="button" data-do="befriend" data-of="${friend}">Let ${friend} in</button><button class="button quiet" data-do="close">Not now</button></div></div>`;

/** door is shown to whom this device does not know yet. */
export const door = (why: string, isOpening: boolean): Markup => html`
  <main id="main" class="door"><div class="sign" aria-hidden="true"><img class="label" src="labels/w046.png" alt="" width="300" height="400"><img class="label" src="labels/w083.png" alt="" width="300" height="400"><img class="label" src="labels/w137.png" alt="" width="300" height="400"></div>
    <h1>Cantina</h1><p>Your cellar, on this device. It works without a network, and friends may look in.</p>
    <form data-on="enter"><label for="user">Your name</label><div class="field"><input id="user" name="user" required maxlength="60" autocomplete="username" autocapitalize="none" ${isOpening ? html`readonly` : ""}><button class="button" ${isOpening ? html`disabled` : ""}>${isOpening ? "Opening…" : "Enter"}</button></div>
    <p class="how" role="status">${why || "A name is enough in this example. An application puts its own login here."}</p></form></main>`;

/** asked is shown to a device that came by an invite: what it says goes back to the one that it is of. */
export const asked = (answer: string): Markup => html`
  <main id="main" class="door"><h1>Cantina</h1><p>Take this back to the device that invited this one, to “Device to device” among its friends. Then it opens here.</p>
    ${answer ? html`<div class="field"><input readonly aria-label="Answer to the invite" value="${answer}"><button class="button quiet" data-do="copy" data-of="${answer}">Copy</button></div>` : ""}
    <p class="how" role="status">${answer ? "Waiting for the other device." : "Reading the invite…"}</p></main>`;
