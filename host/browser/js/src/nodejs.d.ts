// What this package takes of Node.js, so that its types need no other package.

declare module "node:fs" {
  export const constants: { O_RDWR: number; O_CREAT: number };
  export function mkdirSync(path: string, options: { recursive: boolean }): void;
  export function openSync(path: string, flags: string | number, mode?: number): number;
  export function closeSync(handle: number): void;
  export function readSync(handle: number, into: Uint8Array, from: number, size: number, at: number): number;
  export function readdirSync(path: string): string[];
  export function readFileSync(path: string): Uint8Array<ArrayBuffer>;
  export function readFileSync(path: string, encoding: "utf8"): string;
  export function writeFileSync(handle: number, bytes: Uint8Array | string): void;
  export function writeFileSync(path: string, bytes: Uint8Array | string, options: { mode: number; flag?: string }): void;
  export function writeSync(handle: number, bytes: Uint8Array, from: number, size: number, at: number): number;
  export function fdatasyncSync(handle: number): void;
  export function fsyncSync(handle: number): void;
  export function fstatSync(handle: number): { size: number };
  export function ftruncateSync(handle: number, size: number): void;
  export function truncateSync(path: string, size: number): void;
  export function linkSync(from: string, to: string): void;
  export function renameSync(from: string, to: string): void;
  export function rmSync(path: string, options: { force: boolean }): void;
}

declare module "node:fs/promises" {
  export function readFile(path: URL): Promise<Uint8Array<ArrayBuffer>>;
}

declare module "node:http" {
  export interface Socket {
    on(event: "data", listener: (bytes: Uint8Array) => void): void;
    on(event: "close" | "error", listener: (why?: Error) => void): void;
    write(bytes: Uint8Array): void;
    destroySoon(): void;
    destroy(): void;
    setNoDelay(on: boolean): void;
    readonly writableLength: number;
  }
  export interface Answer {
    readonly statusCode: number;
    readonly headers: Record<string, string | undefined>;
    destroy(): void;
  }
  export interface Asking {
    on(event: "upgrade", listener: (answer: Answer, socket: Socket, head: Uint8Array) => void): void;
    on(event: "response", listener: (answer: Answer) => void): void;
    on(event: "error", listener: (why: Error) => void): void;
    end(): void;
    destroy(): void;
  }
  export function request(url: URL, options: { headers: Record<string, string> }): Asking;
}

declare module "node:https" {
  export { request } from "node:http";
}

declare module "node:crypto" {
  export function createHash(name: "sha1"): { update(text: string): { digest(encoding: "base64"): string } };
}

declare module "node:os" {
  export function hostname(): string;
}

declare module "node:path" {
  export function resolve(path: string): string;
}

declare module "node:url" {
  export function pathToFileURL(path: string): URL;
}

declare module "node:v8" {
  export function serialize(value: unknown): Uint8Array;
  export function deserialize(bytes: Uint8Array): unknown;
}

declare module "node:worker_threads" {
  export const parentPort: {
    postMessage(message: unknown): void;
    on(event: "message", listener: (message: any) => void): void;
  } | null;
  export class Worker {
    constructor(url: URL);
    postMessage(message: unknown, transfer?: Transferable[]): void;
    on(event: "message", listener: (message: any) => void): void;
    on(event: "error", listener: (why: Error) => void): void;
    on(event: "exit", listener: (code: number) => void): void;
    terminate(): Promise<number>;
  }
}

declare const process: {
  pid: number;
  kill(pid: number, signal: number): void;
  on(event: "exit", listener: () => void): void;
  on(event: "unhandledRejection", listener: (why: unknown) => void): void;
  off(event: "exit", listener: () => void): void;
};
