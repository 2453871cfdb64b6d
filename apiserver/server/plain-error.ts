/** Failures that the real server answers with a line of text and not with a Status. */
export class PlainError extends Error {
  /** The HTTP status. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
