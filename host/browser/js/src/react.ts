// React's hooks. They read what the tab has in memory, so nothing suspends.

import { useEffect, useRef, useState, useSyncExternalStore } from "react";

import type * as api from "../types/client.d.ts";
import type * as hooks from "../types/react.d.ts";
import { open } from "./client.js"; // stays an import of its own, so that both have one client

export const useLive: typeof hooks.useLive = (live) => {
  const subscribe = subscriber(live);
  return useSyncExternalStore(subscribe, () => live.value, () => live.value);
};

export const useAt: typeof hooks.useAt = (live, ...key) => {
  const subscribe = subscriber(live);
  return useSyncExternalStore(subscribe, () => live.at(...key), () => live.at(...key));
};

export const useStatus: typeof hooks.useStatus = (app) => {
  const subscribe = subscriber(app);
  return useSyncExternalStore(subscribe, () => app.status, () => app.status);
};

export const useApp: typeof hooks.useApp = <P extends api.Program>(options: api.Options) => {
  const [opened, setOpened] = useState<hooks.Opened<P>>({ state: "opening", app: null, error: null });
  const first = useRef(options);
  useEffect(() => {
    let isGone = false;
    const opening = open<P>(first.current);
    opening.then(
      (app) => !isGone && setOpened({ state: "open", app, error: null }),
      (error) => !isGone && setOpened({ state: "failed", app: null, error }),
    );
    return () => {
      isGone = true;
      opening.then((app) => app.close(), () => {});
    };
  }, []);
  return opened;
};

type Subscribe = (listener: () => void) => () => void;
const subscribers = new WeakMap<object, Subscribe>();

/** subscriber is the same function each time, so that React does not subscribe anew at each rendering. */
function subscriber(of: { subscribe: Subscribe }): Subscribe {
  let subscribe = subscribers.get(of);
  if (!subscribe) subscribers.set(of, (subscribe = (listener) => of.subscribe(listener)));
  return subscribe;
}
