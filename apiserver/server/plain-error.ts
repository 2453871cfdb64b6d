/** Failures that the real server answers with a line of text and not with a Status. */
import { quote } from '../../machinery/meta/field-error.ts';

export class PlainError extends Error {
  /** The HTTP status. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** 500 for a request that something in front of its handler could not deal with. */
export function internalServerError(url: string | undefined, why: string): PlainError {
  return new PlainError(500, `Internal Server Error: ${quote(url ?? '/')}: ${why}`);
}
