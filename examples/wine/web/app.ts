// The application: it opens the node, shows the screen where the person is, and
// turns what the person does into events of the program.

import { Aborted, type App, Failed, open, type Raised } from "martinelli";
import { html, show } from "./parts/dom.ts";
import { hand, Model, type Program, type Wish } from "./parts/model.ts";
import { Camera, shrink } from "./parts/photo.ts";
import { asked, asking, connections, detail, door, page, type Place, type Screen, screens } from "./parts/screens.ts";
import { said } from "./parts/words.ts";

const root = document.getElementById("app")!;
const sheet = document.getElementById("sheet") as HTMLDialogElement;
const camera = new Camera();
const place: Place = { screen: "cellar", cellar: "", search: "", grape: "", camera: false, invite: "", answer: "" };

let model: Model | null = null;
let open_: "" | "status" | "friend" | "wine" = ""; // which sheet
let shown = { wine: "", owner: "", source: "", friend: "" }; // what the sheet is about

/** known is the name that this device has entered with. */
const known = { get: () => localStorage.getItem("cantina:user"), set: (name: string) => localStorage.setItem("cantina:user", name) };

// ------------------------------------------------------------------ drawing

let isDue = false;
/** draw shows everything anew at the next frame. */
function draw() {
  if (isDue) return;
  isDue = true;
  (document.hidden ? setTimeout : requestAnimationFrame)(() => {
    isDue = false;
    if (!model) return;
    show(root, page(model, place));
    const video = document.getElementById("video");
    if (video instanceof HTMLVideoElement) camera.attach(video);
    drawSheet(model);
  });
}

function drawSheet(m: Model) {
  const wine = m.wines.get(shown.wine);
  if (open_ === "wine" && wine) show(sheet, detail(m, wine, m.at(shown.owner, shown.source).find((b) => b.wine.id === wine.id)));
  else if (open_ === "status") show(sheet, connections(m));
  else if (open_ === "friend") show(sheet, asking(shown.friend));
  else if (sheet.open) sheet.close();
  if (open_ !== "" && !sheet.open) sheet.showModal();
}

function closeSheet() {
  open_ = "";
  if (sheet.open) sheet.close();
}
sheet.addEventListener("close", () => (open_ = ""));
sheet.addEventListener("click", (e) => e.target === sheet && closeSheet());

let silence = 0;
/** tell says a sentence at the bottom of the screen, and to screen readers. */
function tell(text: string) {
  show(document.getElementById("said")!, html`<p>${text}</p>`);
  clearTimeout(silence);
  silence = window.setTimeout(() => show(document.getElementById("said")!, html``), 5000);
}

// ------------------------------------------------------------------- acting

/** run watches over an event that changes this device at once, and says why where it was refused. */
function run(raised: Raised, done = "") {
  draw();
  raised.durable.then(() => done && tell(done), (why: unknown) => why instanceof Aborted && tell(said(why.why)));
}

async function photograph(picture: Blob | HTMLVideoElement) {
  const m = model!;
  try {
    const jpeg = await shrink(picture);
    const source = `p-${crypto.randomUUID().slice(0, 8)}`;
    m.raised.set(source, Date.now());
    run(m.app.events.photo({ source, photo: { jpeg, taken: Date.now() } }), "The picture is safe on this device.");
    for (const soon of [500, 1500, 4100]) setTimeout(draw, soon);
    m.app.persist();
  } catch {
    tell("That file is no picture.");
  }
}

function buy(wine: string) {
  const m = model!;
  const wish: Wish = { key: crypto.randomUUID(), wine, qty: 1, state: "asking", why: "" };
  m.wishes.push(wish);
  const raised: Raised = m.app.events.buy({ wine_id: wine, qty: 1 });
  const take = (o: Awaited<Raised["final"]>) => {
    wish.state = ({ committed: "bought", pending: "pending", aborted: "refused" } as const)[o.state];
    if (o.state === "aborted") wish.why = said(o.why);
    draw();
  };
  void raised.outcome.then(take);
  void raised.final.then(take);
  draw();
}

type Data = { of?: string; owner?: string; source?: string };
const acts: Record<string, (m: Model, d: Required<Data>) => void | Promise<void>> = {
  whose: (_, d) => void (location.hash = `cellar/${encodeURIComponent(d.of)}`),
  open: (_, d) => { [open_, shown] = ["wine", { wine: d.of, owner: d.owner, source: d.source, friend: "" }]; },
  status: () => { open_ = "status"; },
  close: () => closeSheet(),
  grape: (_, d) => { place.grape = place.grape === d.of ? "" : d.of; },
  favor: (m, d) => run(m.app.events.favor({ source: hand, wine: d.of }), "It is in your cellar."),
  share: (m, d) => run(m.app.events.share({ friend: d.owner, wine: d.of }), `It is in your cellar and in ${d.owner}’s.`),
  discard: (m, d) => {
    const bottle = m.at(d.owner, d.source).find((b) => b.wine.id === d.of);
    if (bottle) run(m.app.events.discard({ owner: d.owner, source: d.source, fav: bottle.fav }), `${bottle.wine.estate} is out.`);
    closeSheet();
  },
  befriend: (m, d) => { closeSheet(); run(m.app.events.befriend({ friend: d.of }), `${d.of} sees your cellar now.`); },
  unfriend: (m, d) => run(m.app.events.unfriend({ friend: d.of }), `${d.of} sees nothing new of you.`),
  buy: (_, d) => buy(d.of),
  forget: (m, d) => { m.wishes.splice(m.wishes.findIndex((w) => w.key === d.of), 1); },
  persist: (m) => m.app.persist(),
  invite: async (m, d) => { place.invite = await m.app.invite(3600, d.of || undefined).catch((why: Error) => (tell(why.message), "")); },
  camera: async () => {
    try {
      await camera.start();
      place.camera = true;
    } catch {
      tell("No camera may be used here. Choose a picture instead.");
    }
  },
  dark: () => { camera.stop(); place.camera = false; },
  shoot: () => photograph(document.getElementById("video") as HTMLVideoElement),
  sample: async (_, d) => photograph(await (await fetch(`samples/${d.of}.jpg`)).blob()),
};

document.addEventListener("click", (e) => {
  const at = (e.target as Element).closest<HTMLElement>("[data-do]");
  const act = at && acts[at.dataset["do"]!];
  if (at?.dataset["do"] === "copy") return void navigator.clipboard.writeText(at.dataset["of"]!).then(() => tell("Copied."));
  if (!model || !act) return;
  const d = { of: at.dataset["of"] ?? "", owner: at.dataset["owner"] ?? "", source: at.dataset["source"] ?? "" };
  void Promise.resolve(act(model, d)).then(draw);
});

document.addEventListener("submit", (e) => {
  const form = e.target as HTMLFormElement;
  e.preventDefault();
  const field = form.querySelector("input")!;
  const text = field.value.trim();
  if (!text) return;
  if (form.dataset["on"] === "enter") void enter({ user: text });
  else if (form.dataset["on"] === "befriend" && model) {
    acts["befriend"]!(model, { of: text, owner: "", source: "" });
    form.reset();
  } else if (form.dataset["on"] === "accept" && model) {
    void model.app.accept(text).then((answer) => (answer ? (place.answer = answer) : ((place.invite = ""), tell("You are linked."))), (why: Error) => tell(why.message)).then(draw);
    form.reset();
  }
});

document.addEventListener("input", (e) => {
  const field = e.target as HTMLInputElement;
  if (field.dataset["on"] === "search") [place.search] = [field.value];
  else if (field.dataset["on"] === "file" && field.files?.[0]) void photograph(field.files[0]);
  draw();
});

// ------------------------------------------------------------------ walking

/** go reads the place from the address, so that back and forward work. */
function go() {
  const [where = "", what = ""] = location.hash.slice(1).split("/").map(decodeURIComponent);
  if (where === "friend" && what) {
    if (model && what !== model.me) [open_, shown] = ["friend", { wine: "", owner: "", source: "", friend: what }];
    place.screen = "friends";
  } else {
    const to = (screens.find((s) => s.name === where)?.name ?? "cellar") as Screen;
    if (to !== place.screen) scrollTo(0, 0);
    place.screen = to;
    if (to === "cellar") place.cellar = what;
    closeSheet();
  }
  if (place.screen !== "scan" && place.camera) {
    camera.stop();
    place.camera = false;
  }
  document.title = `${screens.find((s) => s.name === place.screen)!.title} · Cantina`;
  draw();
}
addEventListener("hashchange", go);

// ------------------------------------------------------------------ opening

/** enter opens the application for a user, or for whom an invite is of. */
async function enter(by: { user: string } | { invite: string }) {
  const kind = matchMedia("(pointer: coarse)").matches ? "phone" : "desk";
  show(root, "user" in by ? door("", true) : asked(""));
  let app: App<Program>;
  try {
    app = await open<Program>({ app: "cantina", ...by, answer: (text) => show(root, asked(text)), name: "user" in by ? `${by.user}, ${kind}` : kind, modules: { "wasm:wine.wasm": new URL("wine.wasm", location.href).href, "wasm:../wine.wasm": new URL("wine.wasm", location.href).href } });
  } catch (why) {
    show(root, door(why instanceof Failed ? why.message : String(why), false));
    return;
  }
  known.set(app.user);
  model = new Model(app);
  Object.assign(globalThis, { cantina: app }); // for whoever looks in with the browser's tools
  for (const live of [...Object.values(app.views), ...Object.values(app.databases)]) (live as { subscribe(f: () => void): void }).subscribe(draw);
  app.subscribe(draw);
  app.on("failed", (f: { text: string }) => tell(f.text));
  root.replaceChildren();
  go();
}

void navigator.serviceWorker?.register("./offline.js");
const user = known.get();
if (user) void enter({ user });
else if (location.hash.startsWith("#invite=")) void enter({ invite: location.href });
else show(root, door("", false));
