/** Aborted is a raise or a read that was refused: why is a word of the program or of the node. */
export class Aborted extends Error {
  override readonly name = "Aborted";
  constructor(readonly why: string, readonly detail: string) {
    super(detail ? `${why}: ${detail}` : why);
  }
}

/** Failed says that there is no node: kind is a word for programs. */
export class Failed extends Error {
  override readonly name = "Failed";
  constructor(readonly kind: string, text: string) {
    super(text);
  }
}
