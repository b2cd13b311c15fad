// The types of the package in Node.js, kept by hand.

import type { AnyProgram, App, Options as PageOptions, Program } from "./client.js";

export type * from "./client.js";
export { Aborted, Failed } from "./client.js";

/** As in a page, but that nothing is taken from where the page is from. */
export interface Options extends Omit<PageOptions, "app" | "storage" | "ice" | "invite" | "answer"> {
  /** The directory of this node's key and data; it is made where it is missing. One process has it at a time. */
  dir: string;
  /** The servers that this process may join; the first that answers admits it. Default: none. */
  servers?: string[];
  /** Where the plan is, a URL or a path; default: /v1/plan of the first server, or without one the file plan in dir. It is kept, and the one that is kept runs where there is no network. */
  plan?: string;
  /** This process's name, for people; default: the machine's. */
  name?: string;
  /** Where the WebAssembly is that the program imports, by the import's "from": URLs or paths. */
  modules?: Record<string, string>;
}

/** Opens the application in this directory, network or not, as in a page; it keeps the process going until it is closed. */
export declare function open<P extends Program = AnyProgram>(options: Options): Promise<App<P>>;
