/** What Go's JSON decoder says of a text that should be an object. */

/** Undefined when the text is a JSON object (or null, which Go takes for one). */
export function jsonObjectProblem(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return syntaxProblem(text);
  }
  if (value === null || (typeof value === 'object' && !Array.isArray(value))) return undefined;
  const kind = Array.isArray(value)
    ? 'array'
    : value === true || value === false
      ? 'bool'
      : typeof value;
  return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
}

/** The first thing that is wrong, found by a scan like Go's. */
function syntaxProblem(text: string): string {
  const scan = new Scan(text);
  try {
    scan.value();
    scan.end();
  } catch (e) {
    if (e instanceof Problem) return e.message;
    throw e;
  }
  return 'unexpected end of JSON input';
}

class Problem extends Error {}

class Scan {
  readonly #text: string;
  #i = 0;

  constructor(text: string) {
    this.#text = text;
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#i] ?? '')) this.#i++;
  }

  #fail(context: string): never {
    const c = this.#text[this.#i];
    if (c === undefined) throw new Problem('unexpected end of JSON input');
    throw new Problem(`invalid character ${quoted(c)} ${context}`);
  }

  #literal(word: string): void {
    const start = this.#i;
    for (const c of word) {
      if (this.#text[this.#i] !== c) {
        this.#fail(`in literal ${word} (expecting ${quoted(word[this.#i - start]!)})`);
      }
      this.#i++;
    }
  }

  value(): void {
    this.#space();
    const c = this.#text[this.#i];
    if (c === '{') this.#object();
    else if (c === '[') this.#array();
    else if (c === '"') this.#string();
    else if (c === 't') this.#literal('true');
    else if (c === 'f') this.#literal('false');
    else if (c === 'n') this.#literal('null');
    else if (c !== undefined && /[-0-9]/.test(c)) this.#number();
    else this.#fail('looking for beginning of value');
  }

  end(): void {
    this.#space();
    if (this.#i < this.#text.length) this.#fail('after top-level value');
  }

  #object(): void {
    this.#i++;
    this.#space();
    if (this.#take('}')) return;
    for (;;) {
      this.#space();
      if (this.#text[this.#i] !== '"') this.#fail('looking for beginning of object key string');
      this.#string();
      this.#space();
      if (!this.#take(':')) this.#fail('after object key');
      this.value();
      this.#space();
      if (this.#take('}')) return;
      if (!this.#take(',')) this.#fail('after object key:value pair');
    }
  }

  #array(): void {
    this.#i++;
    this.#space();
    if (this.#take(']')) return;
    for (;;) {
      this.value();
      this.#space();
      if (this.#take(']')) return;
      if (!this.#take(',')) this.#fail('after array element');
    }
  }

  #take(c: string): boolean {
    if (this.#text[this.#i] !== c) return false;
    this.#i++;
    return true;
  }

  #string(): void {
    this.#i++;
    for (;;) {
      const c = this.#text[this.#i];
      if (c === undefined || c < ' ') this.#fail('in string literal');
      this.#i++;
      if (c === '"') return;
      if (c !== '\\') continue;
      const escaped = this.#text[this.#i];
      if (escaped === undefined || !'"\\/bfnrtu'.includes(escaped)) {
        this.#fail('in string escape code');
      }
      this.#i++;
      for (let n = 0; escaped === 'u' && n < 4; n++, this.#i++) {
        if (!/[0-9A-Fa-f]/.test(this.#text[this.#i] ?? '')) {
          this.#fail('in \\u hexadecimal character escape');
        }
      }
    }
  }

  #number(): void {
    if (this.#take('-') && !this.#digit()) this.#fail('in numeric literal');
    if (this.#text[this.#i] === '0') this.#i++;
    else this.#digits();
    if (this.#take('.')) {
      if (!this.#digit()) this.#fail('after decimal point in numeric literal');
      this.#digits();
    }
    if (this.#take('e') || this.#take('E')) {
      if (!this.#take('+')) this.#take('-');
      if (!this.#digit()) this.#fail('in exponent of numeric literal');
      this.#digits();
    }
  }

  #digit(): boolean {
    return /[0-9]/.test(this.#text[this.#i] ?? '');
  }

  #digits(): void {
    while (this.#digit()) this.#i++;
  }
}

/** A character as Go's messages show it. */
function quoted(c: string): string {
  if (c === "'") return "'\\''";
  if (c === '"') return "'\"'";
  const text = JSON.stringify(c);
  return `'${text.slice(1, -1)}'`;
}
