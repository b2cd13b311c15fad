// What a tab and the worker of its application say to each other.
//
// One dedicated worker runs the node of an application in this browser. It
// belongs to the leader tab, which holds the application's Web Lock. The
// leader's own messages go by postMessage; those of the other tabs by the
// BroadcastChannel channelName(app), which the worker hears itself, so that the
// leader's main thread relays nothing. Both carry Envelopes.
//
//   tab ──── {tab, requests} ────▶ worker        answered in the order of
//   tab ◀─── {worker, tab, replies} ─ worker     what became true
//
// What stands in one envelope is taken as one batch: its raises share one
// flush of the journal. So who writes a thousand events sends one envelope.
//
// Values cross as JSON text, which the Go side writes and reads by their types
// and which costs a tab one JSON.parse, outside the worker.
//
// Hand-over. A worker has a name of its own, and says it in every envelope.
// When the leader goes, its lock falls to another tab, which starts a worker on
// the same journal; that worker says "ready" to all. A tab that reads another
// worker's name than before sends again: its watches (each begins anew, with
// what is there in full) and every raise, read or other request that has no
// last answer. A raise that was durable already does not run twice where it has
// a stream: see Raise.
//
// A tab holds the Web Lock tabLock(app, tab) as long as it lives; the worker
// waits for that lock, and forgets the tab's watches when it gets it.

/** The version of this page. A tab and a worker of different versions do not talk: the tab is reloaded. */
export const protocolVersion = 1;

/** The Web Lock of the leader. */
export const leaderLock = (app: string) => `martinelli:${app}:leader`;
/** The Web Lock that a tab holds while it lives. */
export const tabLock = (app: string, tab: string) => `martinelli:${app}:tab:${tab}`;
/** The BroadcastChannel of all tabs of an application, and of its worker. */
export const channelName = (app: string) => `martinelli:${app}`;

/** JSON text: of a value, of an object of arguments, of an array of key values. */
export type JSONText = string;

/** From a tab to the worker. */
export interface ToWorker {
  v: typeof protocolVersion;
  tab: string; // a random name of this tab
  requests: Request[];
}

/** From the worker to a tab, or with tab "" to all. */
export interface FromWorker {
  v: typeof protocolVersion;
  worker: string; // a random name of this worker: another one means that there was a hand-over
  tab: string;
  batch: number; // 1, 2, ... to this tab; to all it is 0
  replies: Reply[];
}

// ---------------------------------------------------------------- requests

export type Request =
  | Start
  | Attach
  | Raise
  | Read
  | Watch
  | Listen
  | AskStatus
  | Invite
  | Accept
  | Signal
  | Streams
  | Linked
  | Taken
  | Persist
  | Leave
  | Stop;

/**
 * The first message of the leader: open the node. It is answered with Ready or
 * with Failed. The worker then tells every tab.
 */
export interface Start {
  op: "start";
  app: string; // names the application in this browser: its key, its files, its locks
  wasm: string; // URL of page.wasm
  plan: string; // URL of the plan, most often /v1/plan?role=R; the last one that came is kept and taken where there is no network
  servers: string[]; // http(s) URLs of servers; the first that answers admits this page. [] runs alone, or by invites
  role: string; // of the program's topology
  name?: string; // of this device, for people
  addr?: string; // where others reach it; default: by way of pages, as pages do. "": nowhere
  login?: Login; // whom to be admitted as; it is needed the first time only
  pass?: string; // or a pass from elsewhere, as base64url
  invite?: string; // or an invite that lets this device in, with no server; its answer is Signalled as "shown"
  storage?: StorageKind; // default: the best there is
  modules?: Record<string, string>; // URLs of the WebAssembly that the program imports, by the import's "from"
}

/** What /v1/admit asks for. What an application's own login hook wants stands in extra. */
export interface Login {
  user?: string; // with --open-login a name is enough
  secret?: string; // a token of the cluster
  extra?: Record<string, unknown>; // further members of the body of /v1/admit
}

/** A tab that is not the leader says that it is there; answered with Ready as soon as the node is open. */
export interface Attach {
  op: "attach";
}

/**
 * Raises an event. It is answered with one Answer or more, the last of which
 * has last: true.
 *
 * With a stream, a raise is harmless to repeat: of a stream each seq runs once,
 * and a repeated one is answered as durable. A tab that wants its writes to
 * survive a hand-over exactly once takes a stream of its own (and gives its
 * raises ascending seqs from 1). Events that run elsewhere, at the home, hold a
 * stream up until they have their outcome, so those go without, or with a
 * stream each.
 */
export interface Raise {
  op: "raise";
  id: number; // chosen by the tab, never twice
  event: string; // without "on_"
  args: JSONText; // an object with a member for each parameter
  stream?: string;
  seq?: number;
  outbox?: boolean; // keep it until the home is there, instead of answering home_away; the answer is then "pending"
}

/** Reads a database or view once, whole or at the beginning of a key. Answered with one Answer that has a value. */
export interface Read {
  op: "read";
  id: number;
  name: string;
  key?: JSONText; // an array of key values
}

/** Watches a database or view: Changes come until Lost. The id is the watch's. */
export interface Watch {
  op: "watch";
  id: number;
  name: string;
}

/** Asks for the words that the program tells (Notice), or ends that. */
export interface Listen {
  op: "listen";
  on: boolean;
}

/** Asks for the status now. It also comes by itself to every tab when it changed, at most four times a second. */
export interface AskStatus {
  op: "status";
}

/** Makes an invite: how to reach this page, and with to that it lets a new device in. Answered with a value: the text of the link. */
export interface Invite {
  op: "invite";
  id: number;
  seconds: number; // how long it holds
  to?: string; // the user whose device is let in, which is this page's; without it the other page shows a pass of its own
}

/** Takes an invite, or the text that answers one. Answered with a value: what to show to the other side, or null. */
export interface Accept {
  op: "accept";
  id: number;
  text: string;
}

/** What the leader tab's main thread has to say of a connection to another page, as workers have none. See Signalled. */
export interface Signal {
  op: "signal";
  peer: string; // replica id, hex
  attempt: number;
  kind: "offer" | "answer" | "failed";
  body: string; // a session description, or why it failed
}

/** The streams of a connection that is being made, transferred with the message: control, commits, bulk; data channels, or ports where they stay in the tab. */
export interface Streams {
  op: "streams";
  peer: string;
  attempt: number;
  streams: (RTCDataChannel | MessagePort)[];
}

/** The connection is there. */
export interface Linked {
  op: "linked";
  peer: string;
  attempt: number;
  binding: string; // hex: both certificates' fingerprints, in ascending order
}

/**
 * The tab has handled every batch up to this one. A tab that lets more than
 * batchesMax go by loses its watches (Lost): so a frozen tab costs no memory.
 */
export interface Taken {
  op: "taken";
  batch: number;
}

/** Asks the browser to keep the storage; from a tab, after a person did something. */
export interface Persist {
  op: "persist";
}

/** The tab goes. */
export interface Leave {
  op: "leave";
}

/** Of the leader: close the node and the files. Answered with Stopped; then the worker may be terminated. */
export interface Stop {
  op: "stop";
  forget?: boolean; // remove key, plan and journal too
}

/** How many batches a tab may leave unanswered before its watches end. */
export const batchesMax = 1024;

// ----------------------------------------------------------------- replies

export type Reply =
  | Ready
  | Answer
  | Change
  | Lost
  | Notice
  | StatusReply
  | Signalled
  | Failed
  | Stopped;

/** The node is open. Comes to every tab, again after each hand-over and after each start over. */
export interface Ready {
  op: "ready";
  replica: string; // id, hex
  user: string; // "" where the role binds none
  role: string;
  cluster: string;
  schema: Schema;
  isFirst: boolean; // the store was empty
  records: number; // read back from the journal
  took: { wasm: number; read: number; open: number }; // milliseconds
}

/**
 * What came of a raise, a read or another request.
 *
 *   taken      it reached the node, which has not decided; more follows
 *   durable    it has committed and is on this device's disk. For an event that
 *              stays local this is all there is to wait for
 *   synced     what was durable is at another node too, by its own word
 *   committed  a serial block or a saga at its end has committed at its home
 *   pending    it will run at the home: durable in this page's outbox, or under
 *              way with no outcome yet. item names it
 *   aborted    why is a word of the program, or of the node; see whyRetry
 *   done       what is no raise has its answer: value, if there is one
 */
export interface Answer {
  op: "answer";
  id: number;
  state: "taken" | "durable" | "synced" | "committed" | "pending" | "aborted" | "done";
  last: boolean;
  why?: string;
  detail?: string; // a sentence for people
  item?: string;
  value?: JSONText;
  asOf?: number; // of what lives at the home: when it was so, in milliseconds; 0: the home has not answered yet
  duplicate?: boolean; // the stream had it
}

/** Words with which nothing was done, so that raising again may commit. */
export const whyRetry = ["busy", "behind", "home_away", "stalled", "unreachable"];

/**
 * A watched database or view is another. The first Change of a watch is full:
 * value is the whole, as Read gives it. The others have what came and went:
 *
 *   of a collection                 its elements
 *   of a scalar                     added: [the new value]
 *   of a database with dimensions   arrays that begin with the key's values and
 *                                   end with the value, or with an element
 *
 * What is removed is taken out before what is added is put in. In a full value
 * a database with dimensions is an object: a key of one dimension is its text,
 * one of several the JSON text of the array of its values.
 */
export interface Change {
  op: "change";
  watch: number;
  name: string;
  full: boolean;
  value?: JSONText;
  added?: JSONText; // an array
  removed?: JSONText; // an array
  settled: boolean; // nothing of it is ever taken back
  asOf?: number;
}

/** The tab fell too far behind, or the node was opened again: watch anew. */
export interface Lost {
  op: "lost";
  watch: number;
  text: string;
}

/** A word that the program tells about a key, most often a user. */
export interface Notice {
  op: "notice";
  key: JSONText;
  value: JSONText;
}

export interface StatusReply {
  op: "status";
  status: Status;
}

export type StorageKind = "opfs" | "idb" | "file" | "memory";

/** What people want to know, and what a console shows. */
export interface Status {
  online: boolean; // linked to another node, server or page
  server: boolean; // linked to a node that is no page
  peers: Peer[];
  unsynced: number; // commits of this replica that no other node is known to have
  pending: number; // events that wait for their home, or for its outcome
  storage: Storage;
  members: number; // nodes this one has heard of
  barred: string; // why this replica may not write any more, "" if it may
  notes: string[]; // the last things an operator should know, newest last
}

export interface Peer {
  id: string; // replica id, hex
  name: string;
  role: string;
  via: "websocket" | "webrtc" | "broadcast";
  state: "alive" | "suspect";
  rtt: number; // milliseconds; 0 before the first ping was answered
  sent: number; // bytes
  received: number;
}

/**
 *   good      writes are durable when they are answered
 *   full      nothing more can be written: raises are answered aborted, why
 *             "storage_full"; reads go on, and so do writes once there is space
 *   evicted   the browser has taken away what was stored; what others have comes
 *             back from them
 *   failed    it can't be read or written: text says why
 *   volatile  there is no storage, or it was not wanted: a reload forgets all
 */
export interface Storage {
  kind: StorageKind;
  state: "good" | "full" | "evicted" | "failed" | "volatile";
  persisted: boolean; // the browser has promised not to evict it
  used: number; // bytes
  quota: number; // bytes; 0: not known
  text: string; // a sentence for people, "" if good
}

/** For the leader tab's main thread, which has the connections between pages: make an offer, answer one, take an answer, end it. */
export interface Signalled {
  op: "signalled";
  peer: string;
  attempt: number;
  kind: "dial" | "offer" | "answer" | "close" | "shown"; // shown: to a person, who takes it to whom the invite is of
  body: string;
  isShown?: true; // people pass on what is said: it may take its time
}

/**
 * Something failed. final: there is no node, and there will be none before
 * somebody acts; else the worker starts over by itself, and Ready follows.
 */
export interface Failed {
  op: "failed";
  kind: FailedKind;
  text: string; // what was wrong, and what to do
  final: boolean;
}

export type FailedKind =
  | "browser" // it lacks something without which nothing works; text names it
  | "load" // page.wasm, the plan or a module can't be had
  | "program" // the plan does not fit what is stored, or this version
  | "admit" // no server admits this page, and it has no pass
  | "storage" // what is stored is damaged or newer
  | "in_use" // another worker has the files
  | "broken" // a bug: the node stopped. It is opened again from its journal
  | "request"; // a message that is none

/** The node is closed, and so are the files. */
export interface Stopped {
  op: "stopped";
}

// ------------------------------------------------------------------ schema

/** What the program has, at this page's role. The same JSON is in the plan's description for generated types. */
export interface Schema {
  databases: Database[];
  views: View[];
  events: Event[];
}

export interface Database {
  name: string;
  lattice: string; // as programs write it
  keys: Param[]; // its dimensions
  type: Type; // what one key reads as; without dimensions what the whole does
  isScalar: boolean; // one key reads as one value, not as a collection
}

export interface View {
  name: string;
  keys: Param[]; // of a view with a value for each key; else []
  type: Type; // what one key reads as; without keys what the whole does
  isScalar: boolean;
}

export interface Event {
  name: string; // without "on_"
  params: Param[];
  runs: "here" | "home" | "serial" | "saga"; // serial and saga: the handler runs here, and ends with a block that runs at its home
}

export interface Param {
  name: string;
  type: Type;
}

/** A type, as values of it stand in JSON. An id is a string, a time milliseconds, a symbol a string; a set an array. */
export type Type =
  | { kind: "any" | "nil" | "bool" | "int" | "nat" | "float" | "string" | "symbol" | "id" | "time" }
  | { kind: "list" | "set" | "maybe"; of: Type }
  | { kind: "tuple"; of: Type[] }
  | { kind: "record"; fields: Param[] };
