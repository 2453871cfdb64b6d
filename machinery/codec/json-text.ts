/**
 * A JSON reader with the real server's error texts, for the bodies that `JSON.parse` cannot judge:
 * malformed ones, ones with duplicate fields, ones with numbers whose spelling matters. It keeps
 * its own stack, so nesting costs no call depth. Texts: Go's encoding/json scanner.
 */

/** Deepest nesting that is read; the real server's limit. */
export const maxJsonDepth = 10000;

/** Malformed JSON; the message is the real server's. */
export class JsonSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'JsonSyntaxError';
  }
}

/** A number with a fraction, an exponent or more digits than 64 bits hold, as it was spelled. */
export class JsonNumber {
  readonly source: string;
  readonly value: number | bigint;

  constructor(source: string, value: number | bigint) {
    this.source = source;
    this.value = value;
  }
}

/** All members of an object that repeats a field, in order. */
export type Members = readonly (readonly [string, unknown])[];

export interface JsonText {
  readonly value: unknown;
  /** Paths of fields that came more than once, each named once. */
  readonly duplicates: readonly string[];
  /** Members as written, for each object that repeats a field (the value keeps the last). */
  readonly repeated: ReadonlyMap<object, Members> | undefined;
  /** JsonNumber instances stand in the value. */
  readonly spelled: boolean;
}

interface Frame {
  readonly array: unknown[] | undefined;
  readonly object: Record<string, unknown> | undefined;
  key: string;
  members: [string, unknown][] | undefined;
}

/**
 * Reads one JSON text. Integers beyond 2^53 that fit into 64 bits become bigint. With
 * `keepSpelling` other unusual numbers become JsonNumber, else plain numbers.
 * Throws JsonSyntaxError.
 */
export function readJson(bytes: Uint8Array, keepSpelling: boolean): JsonText {
  return new Reader(bytes, keepSpelling).read();
}

/** Sets an own property whatever its name (`__proto__` too). */
export function setMember(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else object[key] = value;
}

const quoteByte = 0x22;
const backslash = 0x5c;

class Reader {
  private readonly bytes: Buffer;
  private readonly keepSpelling: boolean;
  private readonly frames: Frame[] = [];
  private readonly duplicates = new Set<string>();
  private readonly repeated = new Map<object, Members>();
  private spelled = false;
  private at = 0;

  constructor(bytes: Uint8Array, keepSpelling: boolean) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.keepSpelling = keepSpelling;
  }

  read(): JsonText {
    const value = this.document();
    this.skipSpace();
    if (this.at < this.bytes.length) this.fail('after top-level value');
    return {
      value,
      duplicates: [...this.duplicates],
      repeated: this.repeated.size > 0 ? this.repeated : undefined,
      spelled: this.spelled,
    };
  }

  private document(): unknown {
    for (;;) {
      let value = this.valueStart();
      if (value === opened) continue;
      // A value is complete: hand it to its container, and that one to its own when it closes.
      for (;;) {
        const frame = this.frames.at(-1);
        if (frame === undefined) return value;
        this.store(frame, value);
        if (!this.closes(frame)) break;
        this.frames.pop();
        value = frame.array ?? frame.object;
      }
    }
  }

  /** Reads a scalar or an empty container; `opened` when a container with content begins. */
  private valueStart(): unknown {
    this.skipSpace();
    const c = this.bytes[this.at];
    if (c === 0x7b || c === 0x5b) {
      this.at++;
      if (this.frames.length >= maxJsonDepth) throw new JsonSyntaxError('exceeded max depth');
      return c === 0x7b ? this.openObject() : this.openArray();
    }
    if (c === quoteByte) return this.string();
    if (c === 0x2d || (c !== undefined && c >= 0x30 && c <= 0x39)) return this.number();
    if (c === 0x74) return this.literal('true', true);
    if (c === 0x66) return this.literal('false', false);
    if (c === 0x6e) return this.literal('null', null);
    return this.fail('looking for beginning of value');
  }

  private openObject(): unknown {
    const object: Record<string, unknown> = {};
    this.skipSpace();
    if (this.bytes[this.at] === 0x7d) {
      this.at++;
      return object;
    }
    const frame: Frame = { array: undefined, object, key: '', members: undefined };
    this.frames.push(frame);
    this.readKey(frame);
    return opened;
  }

  private openArray(): unknown {
    const array: unknown[] = [];
    this.skipSpace();
    if (this.bytes[this.at] === 0x5d) {
      this.at++;
      return array;
    }
    this.frames.push({ array, object: undefined, key: '', members: undefined });
    return opened;
  }

  private readKey(frame: Frame): void {
    this.skipSpace();
    if (this.bytes[this.at] !== quoteByte) this.fail('looking for beginning of object key string');
    const key = this.string();
    this.skipSpace();
    if (this.bytes[this.at] !== 0x3a) this.fail('after object key');
    this.at++;
    const { object } = frame;
    if (object !== undefined && Object.hasOwn(object, key)) {
      frame.key = key;
      this.duplicates.add(this.path());
      frame.members ??= Object.entries(object);
    }
    frame.key = key;
  }

  private store(frame: Frame, value: unknown): void {
    if (frame.array !== undefined) frame.array.push(value);
    else if (frame.object !== undefined) {
      setMember(frame.object, frame.key, value);
      frame.members?.push([frame.key, value]);
    }
  }

  /** True when the container ends here; else the next member's key has been read. */
  private closes(frame: Frame): boolean {
    this.skipSpace();
    const c = this.bytes[this.at];
    if (frame.array !== undefined) {
      if (c !== 0x2c && c !== 0x5d) this.fail('after array element');
      this.at++;
      return c === 0x5d;
    }
    if (c !== 0x2c && c !== 0x7d) this.fail('after object key:value pair');
    this.at++;
    if (c === 0x7d) {
      if (frame.members !== undefined && frame.object !== undefined) {
        this.repeated.set(frame.object, frame.members);
      }
      return true;
    }
    this.readKey(frame);
    return false;
  }

  private path(): string {
    let path = '';
    for (const f of this.frames) {
      if (f.array !== undefined) path += `[${f.array.length}]`;
      else path += path === '' ? f.key : `.${f.key}`;
    }
    return path;
  }

  private string(): string {
    const { bytes } = this;
    const start = this.at++;
    let escaped = false;
    for (;;) {
      const c = bytes[this.at];
      if (c === quoteByte) break;
      if (c === undefined || c < 0x20) this.fail('in string literal');
      this.at++;
      if (c === backslash) {
        escaped = true;
        this.escape();
      }
    }
    this.at++;
    if (!escaped) return bytes.toString('utf8', start + 1, this.at - 1);
    return (JSON.parse(bytes.toString('utf8', start, this.at)) as string).toWellFormed();
  }

  private escape(): void {
    const c = this.bytes[this.at];
    if (c === undefined || !'"\\/bfnrtu'.includes(String.fromCharCode(c))) {
      this.fail('in string escape code');
    }
    this.at++;
    if (c !== 0x75) return;
    for (let n = 0; n < 4; n++) {
      const h = this.bytes[this.at];
      if (h === undefined || !/[0-9a-fA-F]/.test(String.fromCharCode(h))) {
        this.fail('in \\u hexadecimal character escape');
      }
      this.at++;
    }
  }

  private number(): unknown {
    const { bytes } = this;
    const start = this.at;
    let whole = true;
    if (bytes[this.at] === 0x2d) this.at++;
    if (bytes[this.at] === 0x30) this.at++;
    else this.digits('in numeric literal');
    if (bytes[this.at] === 0x2e) {
      whole = false;
      this.at++;
      this.digits('after decimal point in numeric literal');
    }
    if (bytes[this.at] === 0x65 || bytes[this.at] === 0x45) {
      whole = false;
      this.at++;
      if (bytes[this.at] === 0x2b || bytes[this.at] === 0x2d) this.at++;
      this.digits('in exponent of numeric literal');
    }
    const source = bytes.toString('latin1', start, this.at);
    const value = Number(source);
    if (whole) {
      if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
      const exact = BigInt(source);
      if (BigInt.asIntN(64, exact) === exact) return exact;
    }
    if (!this.keepSpelling) return value;
    this.spelled = true;
    return new JsonNumber(source, value);
  }

  private digits(where: string): void {
    const start = this.at;
    for (;;) {
      const c = this.bytes[this.at];
      if (c === undefined || c < 0x30 || c > 0x39) break;
      this.at++;
    }
    if (this.at === start) this.fail(where);
  }

  private literal(word: string, value: unknown): unknown {
    for (let n = 1; n < word.length; n++) {
      this.at++;
      if (this.bytes[this.at] !== word.charCodeAt(n)) {
        this.fail(`in literal ${word} (expecting '${word[n]}')`);
      }
    }
    this.at++;
    return value;
  }

  private skipSpace(): void {
    for (;;) {
      const c = this.bytes[this.at];
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      this.at++;
    }
  }

  private fail(where: string): never {
    const c = this.bytes[this.at];
    if (c === undefined) throw new JsonSyntaxError('unexpected end of JSON input');
    throw new JsonSyntaxError(`invalid character ${quoteCharacter(c)} ${where}`);
  }
}

/** Stands for "a container has begun". */
const opened = Symbol('opened');

const escapes: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  39: "\\'",
  92: '\\\\',
};

/** A byte as Go's scanner quotes it: taken as a code point of its own. */
function quoteCharacter(c: number): string {
  const hex = c.toString(16).padStart(2, '0');
  let text = escapes[c] ?? String.fromCharCode(c);
  if (escapes[c] === undefined) {
    if (c < 0x20 || c === 0x7f) text = `\\x${hex}`;
    else if ((c >= 0x80 && c <= 0xa0) || c === 0xad) text = `\\u00${hex}`;
  }
  return `'${text}'`;
}
