// What storage.ts is in a browser: which files there are. Here the name of an
// application is the path of its directory.

import * as fs from "node:fs";
import { openDirectory } from "./files-node.ts";
import { type Files, fileNames, memoryFiles } from "./files.ts";
import type { Usage } from "./storage.ts";

export async function openFiles(dir: string, kind?: string): Promise<Files> {
  return kind === "memory" ? memoryFiles() : openDirectory(dir);
}

/** Takes the journal away; the directory stays, as its lock does. */
export async function removeFiles(dir: string): Promise<void> {
  for (const name of fileNames) fs.rmSync(`${dir}/${name}`, { force: true });
}

/** What is used of a directory the journal itself tells. */
export const usage = async (): Promise<Usage> => ({ persisted: true, used: 0, quota: 0 });

export const persist = async (): Promise<boolean> => true;
