// What this package takes of Node.js, so that its types need no other package.

declare module "node:fs" {
  export const constants: { O_RDWR: number; O_CREAT: number };
  export function mkdirSync(path: string, options: { recursive: boolean }): void;
  export function openSync(path: string, flags: string | number, mode?: number): number;
  export function closeSync(handle: number): void;
  export function readSync(handle: number, into: Uint8Array, from: number, size: number, at: number): number;
  export function readFileSync(path: string, encoding: "utf8"): string;
  export function writeSync(handle: number, text: string): number;
  export function writeSync(handle: number, bytes: Uint8Array, from: number, size: number, at: number): number;
  export function fdatasyncSync(handle: number): void;
  export function fsyncSync(handle: number): void;
  export function fstatSync(handle: number): { size: number };
  export function ftruncateSync(handle: number, size: number): void;
  export function unlinkSync(path: string): void;
  export function rmSync(path: string, options: { force: boolean }): void;
}

declare const process: { pid: number; kill(pid: number, signal: number): void };
