import type { App, Live, LiveMap, Options, Program, AnyProgram, Status } from "./client.js";

/** The value of a database or view; the component is rendered again when it changes. */
export declare function useLive<V>(live: Live<V>): V;

/** The value at one key; the component is rendered again when that changes. */
export declare function useAt<K extends unknown[], V>(live: LiveMap<K, V>, ...key: K): V;

/** The status of links and storage. */
export declare function useStatus(app: App<any>): Status;

/** Opens an application for as long as the component lives. The options count when it is first rendered. */
export declare function useApp<P extends Program = AnyProgram>(options: Options): Opened<P>;

export type Opened<P extends Program> =
  | { readonly state: "opening"; readonly app: null; readonly error: null }
  | { readonly state: "open"; readonly app: App<P>; readonly error: null }
  | { readonly state: "failed"; readonly app: null; readonly error: Error };
