import { StrictMode, useState, type FormEvent } from "react";
import { createRoot } from "react-dom/client";
import type { App } from "martinelli";
import { useApp, useAt, useLive, useStatus } from "martinelli/react";
import type { Lunch } from "./lunch.ts";
import "./style.css";

const user = new URL(location.href).searchParams.get("user") ?? "ann";

function Page() {
  const { state, app, error } = useApp<Lunch>({ app: `lunch-${user}`, user });
  if (state === "opening") return <p role="status">Opening…</p>;
  if (state === "failed") return <p role="alert">{error.message}</p>;
  return (
    <main>
      <h1>Where shall we eat?</h1>
      <Propose app={app} />
      <Places app={app} />
      <State app={app} />
    </main>
  );
}

function Propose({ app }: { app: App<Lunch> }) {
  const [place, setPlace] = useState("");
  const propose = (e: FormEvent) => {
    e.preventDefault();
    app.events.propose({ place });
    setPlace("");
  };
  return (
    <form onSubmit={propose}>
      <input aria-label="A place" placeholder="A place" required value={place} onChange={(e) => setPlace(e.target.value)} />
      <button>Propose</button>
    </form>
  );
}

function Places({ app }: { app: App<Lunch> }) {
  const places = useLive(app.databases.places);
  return <ul>{places.map((place) => <Place key={place} app={app} place={place} />)}</ul>;
}

/** Place is rendered again when its own votes change, and those of no other. */
function Place({ app, place }: { app: App<Lunch>; place: string }) {
  const votes = useAt(app.databases.votes, place);
  const isMine = votes.includes(app.user);
  const turn = () => (isMine ? app.events.unvote({ place }) : app.events.vote({ place }));
  return (
    <li>
      <span>{place}</span>
      <small>{votes.join(", ")}</small>
      <button aria-pressed={isMine} aria-label={`${votes.length}: vote for ${place}`} onClick={turn}>{votes.length}</button>
    </li>
  );
}

function State({ app }: { app: App<Lunch> }) {
  const { online, peers, unsynced, storage } = useStatus(app);
  const link = online ? `linked to ${peers.length}` : "offline";
  return <p role="status">{storage.text || `${app.user}, ${link}${unsynced > 0 ? `, ${unsynced} to send` : ""}`}</p>;
}

createRoot(document.getElementById("root")!).render(<StrictMode><Page /></StrictMode>);
