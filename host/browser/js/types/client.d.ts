// The types of the package, kept by hand: what is written here is published as
// it stands, and the sources are checked against it.

/** What "martinelli gen ts" writes of a program. */
export interface Program {
  databases: object; // a value by its name, or a Keyed
  views: object;
  events: object; // an Event by its name
}

/** What has a value for each key. */
export interface Keyed<K extends unknown[], V> {
  readonly key: K;
  readonly each: V;
}

/**
 * An event takes args. Where runs is here, its handler runs on this device and
 * needs nobody; serial and saga begin so too, and end with a block at its home;
 * home runs there altogether.
 */
export interface Event<A extends object, R extends Runs> {
  readonly args: A;
  readonly runs: R;
}

export type Runs = "here" | "serial" | "saga" | "home";

/** Where no types are made of a program: everything is there, of any type. */
export interface AnyProgram {
  databases: { [name: string]: any };
  views: { [name: string]: any };
  events: { [name: string]: Event<any, Runs> };
}

export interface Options {
  /** Names the application in this browser: its key, its data, its locks. */
  app: string;
  /** The servers that this page may join; the first that answers admits it. Default: where the page is from. [] is none. */
  servers?: string[];
  /** Where the plan is; default: /v1/plan of the first server. It is kept, and the one that is kept runs where there is no network. */
  plan?: string;
  /** The role of this page in the program's topology. Default: client. */
  role?: string;
  /** Whom to be admitted as. It is needed the first time only. */
  user?: string;
  secret?: string;
  /** What the application's own login hook at the server wants further. */
  login?: Record<string, unknown>;
  /** A pass from elsewhere, instead of user. */
  pass?: string;
  /** An invite made with a user, by which this device is let in with no server, as a device of that user. It is needed the first time only. */
  invite?: string;
  /** Is told the text that answers it: it has to come to the page that invited, whose accept takes it. Until then open waits. */
  answer?: (text: string) => void;
  /** This device's name, for people. */
  name?: string;
  /** The names of the databases and views to have at hand; default: all. Others are fetched when they are first asked for. */
  watch?: string[];
  /** Where what is written is kept; default: the best there is. */
  storage?: "opfs" | "idb" | "file" | "memory";
  /** STUN and TURN servers by which pages find a way out of their networks; default: none, for pages in one network. */
  ice?: { urls: string | string[]; username?: string; credential?: string }[];
  /** Where page.wasm and worker.js are; default: beside this module. */
  wasm?: string | URL;
  worker?: string | URL;
  /** Where the WebAssembly is that the program imports, by the import's "from". */
  modules?: Record<string, string>;
}

/**
 * Opens the application. It is there as soon as this device's data are read,
 * network or not, with the values of all that is watched. It fails where there
 * can be no node: the error's kind says why.
 */
export declare function open<P extends Program = AnyProgram>(options: Options): Promise<App<P>>;

/** An application that is open in this tab. */
export interface App<P extends Program = AnyProgram> {
  readonly databases: Lives<P["databases"]>;
  readonly views: Lives<P["views"]>;
  readonly events: Raises<P["events"]>;

  /** Who this is. */
  readonly user: string;
  readonly role: string;
  /** This device's replica, in hexadecimal. */
  readonly replica: string;
  readonly cluster: string;
  /** What the opening took, in milliseconds, and how much was read back. */
  readonly opened: { isFirst: boolean; records: number; wasm: number; read: number; open: number };
  /** Whether the node runs in this tab's worker; the other tabs share it. */
  readonly isLeader: boolean;

  /** What is known of links, storage and what waits; another object whenever it changed. */
  readonly status: Status;
  /** Calls listener after each change of the status, until the function returned is called. */
  subscribe(listener: () => void): () => void;

  /** Reads once, without watching. It fails with Aborted where that can't be read. */
  read(name: string, ...key: unknown[]): Promise<unknown>;
  /** Hears of what is no value: see Heard. */
  on<K extends keyof Heard>(what: K, listener: (heard: Heard[K]) => void): () => void;

  /**
   * A link by which another page finds to this one, with no server; it holds for so many seconds, at most an hour, and is good once.
   * It lets nobody in who has no pass, but with to, which is this page's user: then it lets a new device of that user in (see Options.invite).
   */
  invite(seconds: number, to?: string): Promise<string>;
  /** Takes such a link, or the text that answers it. What is returned is for the other side, or null. */
  accept(text: string): Promise<string | null>;
  /** Asks the browser to keep this page's storage; call it after a person did something. */
  persist(): void;
  /** Closes the application in this tab. Another tab's goes on; with forget the last one removes key and data. */
  close(options?: { forget?: boolean }): Promise<void>;
}

export interface Heard {
  /** The program told something about a key, most often a user. */
  notice: { key: unknown; value: unknown };
  /** A raise was aborted, whether somebody waits for it or not. */
  aborted: { event: string; id: string; why: string; detail: string };
  /** Another worker runs the node; what had no answer was sent again. */
  handover: { isLeader: boolean };
  /** The node has a trouble; where final is false it comes back by itself. */
  failed: { kind: string; text: string; final: boolean };
  /** The application was closed in this tab. */
  closed: { forget: boolean };
}

/** A database or view as it is on this device. */
export interface Live<V> {
  readonly name: string;
  /** What it is now: from this tab's memory, and the same object until it changes. Empty until loaded. */
  readonly value: V;
  /** When the first value is there. It fails with Aborted where this page can't read it. */
  readonly loaded: Promise<V>;
  /** Nothing of the value is ever taken back. */
  readonly settled: boolean;
  /** Of what lives at the home: when it was so; null: it lives here, or the home has not answered yet. */
  readonly asOf: Date | null;
  /** Calls listener after each change, until the function returned is called. */
  subscribe(listener: () => void): () => void;
}

/** A Live with a value for each key. The members of its value are named by the key: one that is a string by itself, others by their JSON text. */
export interface LiveMap<K extends unknown[], V> extends Live<{ readonly [key: string]: V }> {
  /** The value at a key; where there is none the empty one of its type. */
  at(...key: K): V;
}

export type Lives<T> = { readonly [N in keyof T]: LiveOf<T[N]> };
export type LiveOf<T> = 0 extends 1 & T ? any : T extends Keyed<infer K, infer V> ? LiveMap<K, V> : Live<T>;
export type Raises<T> = { readonly [N in keyof T]: T[N] extends Event<infer A, Runs> ? Raise<A> : never };
export type Raise<A> = {} extends A ? (args?: A, options?: RaiseOptions) => Raised : (args: A, options?: RaiseOptions) => Raised;

export interface RaiseOptions {
  /** Of what runs at the home: abort it as unreachable when the home is away, instead of keeping it until then. */
  now?: boolean;
}

/** An event on its way. Its promises fail with Aborted; one that nobody waits for fails silently, and on("aborted") hears it. */
export interface Raised {
  /** Names this raise among all of this application. */
  readonly id: string;
  /** The handler has run, and what it wrote is on this device's disk and in the values of this tab. */
  readonly durable: Promise<void>;
  /** Another node has it too, by its own word. */
  readonly acked: Promise<void>;
  /** The first that is known of it: pending says that it waits for its home, or that its outcome is on the way. It never fails. */
  readonly outcome: Promise<Outcome>;
  /** What came of it in the end: it does not pend. It never fails. */
  readonly final: Promise<Outcome>;
}

export type Outcome =
  | { readonly state: "committed" }
  | { readonly state: "aborted"; readonly why: string; readonly detail: string }
  | { readonly state: "pending"; readonly item: string };

/** A raise or a read that was refused: why is a word of the program or of the node. */
export declare class Aborted extends Error {
  readonly why: string;
  readonly detail: string;
}

/** There is no node: kind is a word for programs, the message says what to do. */
export declare class Failed extends Error {
  readonly kind: string;
}

export interface Status {
  /** There is a link to another node, a server or a page. */
  readonly online: boolean;
  /** One of them is a server. */
  readonly server: boolean;
  readonly peers: readonly Peer[];
  /** How many commits of this device no other node is known to have. */
  readonly unsynced: number;
  /** How many events wait for their home. */
  readonly pending: number;
  readonly storage: Storage;
  /** How many nodes this one has heard of. */
  readonly members: number;
  /** Why this device may not write any more; "" if it may. */
  readonly barred: string;
  readonly notes: readonly string[];
}

export interface Peer {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly via: "websocket" | "webrtc" | "broadcast";
  readonly state: "alive" | "suspect";
  /** The round trip in milliseconds; 0: not measured yet. */
  readonly rtt: number;
  readonly sent: number;
  readonly received: number;
}

export interface Storage {
  readonly kind: "opfs" | "idb" | "file" | "memory";
  /** full: nothing can be written any more, reads go on. evicted: the browser took it away. volatile: a reload forgets all. */
  readonly state: "good" | "full" | "evicted" | "failed" | "volatile";
  readonly persisted: boolean;
  readonly used: number;
  readonly quota: number;
  readonly text: string;
}
