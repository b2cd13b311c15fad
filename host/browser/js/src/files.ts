// The files of a journal (docs/wire/journal.md), wherever this environment
// keeps files: the origin private file system, IndexedDB, or a directory of
// Node.js. All five are there from the first open to the last.

/** How many files a journal has. */
export const fileCount = 5;

/** Their names, where files have names. */
export const fileNames = ["head", "log-1", "log-2", "snapshot-1", "snapshot-2"] as const;

/** What the node asks for; done twice it does what it does once. */
export interface Action {
  kind: typeof write | typeof flush | typeof truncate;
  file: number;
  at: number; // where the bytes go, or where the file ends
  bytes: Uint8Array; // of a write
}

export const write = 0;
export const flush = 1;
export const truncate = 2;

export interface Files {
  readonly kind: "opfs" | "idb" | "file" | "memory";

  /** What the files hold, by number. */
  read(): Promise<Uint8Array[]>;

  /**
   * Does all actions in their order. When it returns, or its promise is kept,
   * each flush among them has ended. It fails with a FilesError; then the same
   * actions are given again, from the first or from any that was not flushed.
   */
  run(actions: Action[]): void | Promise<void>;

  /** Ends the use; another worker may open them now. */
  close(): void | Promise<void>;
}

/**
 * Why files can't be used. full: there is no space, try again when there is.
 * in_use: another worker has them. missing: this environment has none of the
 * kind. failed: everything else.
 */
export class FilesError extends Error {
  constructor(
    readonly why: "full" | "in_use" | "missing" | "failed",
    message: string,
    options?: { cause: unknown },
  ) {
    super(message, options);
    this.name = "FilesError";
  }
}

/** What a browser says of a failed write, as a FilesError. */
export function failure(what: string, cause: unknown): FilesError {
  if (cause instanceof FilesError) return cause;
  const name = (cause as { name?: string } | null)?.name ?? "";
  const text = cause instanceof Error ? cause.message : String(cause);
  switch (name) {
    case "QuotaExceededError":
      return full(what, cause);
    case "NoModificationAllowedError":
    case "InvalidStateError":
      return new FilesError("in_use", `martinelli: ${what}: another tab or worker has the files: close it, or use it (${text})`, { cause });
    case "SecurityError":
    case "NotAllowedError":
      return new FilesError("missing", `martinelli: ${what}: this page may not store anything: is it a private window? (${text})`, { cause });
  }
  return new FilesError("failed", `martinelli: ${what}: ${name} ${text}`, { cause });
}

/** There is no space. */
export function full(what: string, cause?: unknown): FilesError {
  return new FilesError("full", `martinelli: ${what}: there is no space left: free some, and it goes on by itself`, { cause });
}

/** Files that a reload forgets. */
export function memoryFiles(): Files {
  return {
    kind: "memory",
    read: async () => Array.from({ length: fileCount }, () => new Uint8Array()),
    run() {},
    close() {},
  };
}
