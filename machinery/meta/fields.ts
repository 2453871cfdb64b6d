/** Field selectors: `metadata.name=a,status.phase!=Running`, with the real server's texts. */

/** One term: a field has a value, or has another one. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** Selectable fields of an object by label; a missing one counts as ''. */
export type Fields = Readonly<Record<string, string>>;

/** A selector that cannot be read. The message is what a 400 answer shows. */
export class FieldSelectorError extends Error {
  override readonly name = 'FieldSelectorError';
}

/** A parsed field selector; immutable. */
export class FieldSelector {
  readonly requirements: readonly FieldRequirement[];

  constructor(requirements: readonly FieldRequirement[]) {
    this.requirements = requirements;
  }

  /** True when it selects everything. */
  get empty(): boolean {
    return this.requirements.length === 0;
  }

  matches(fields: Fields): boolean {
    for (const r of this.requirements) {
      if (((fields[r.field] ?? '') === r.value) !== (r.operator === '=')) return false;
    }
    return true;
  }

  /** The value a field must have, when the selector says so. */
  exactValue(field: string): string | undefined {
    return this.requirements.find((r) => r.field === field && r.operator === '=')?.value;
  }

  /** Without the terms on one field (those that a caller has already applied). */
  without(field: string): FieldSelector {
    return new FieldSelector(this.requirements.filter((r) => r.field !== field));
  }

  /** The query-string form, escaped. */
  toString(): string {
    return this.requirements
      .map((r) => `${r.field}${r.operator}${escapeFieldValue(r.value)}`)
      .join(',');
  }
}

/** Selects every object. */
export const everyField = new FieldSelector([]);

const parsed = new Map<string, FieldSelector>();
const parsedLimit = 1024;

/**
 * Parses a field selector; throws FieldSelectorError. Terms come out sorted by their text. Results
 * are shared between callers.
 */
export function parseFieldSelector(text: string): FieldSelector {
  if (text === '') return everyField;
  let selector = parsed.get(text);
  if (selector === undefined) {
    selector = parse(text);
    if (parsed.size >= parsedLimit) parsed.clear();
    if (text.length <= 1024) parsed.set(text, selector);
  }
  return selector;
}

function parse(text: string): FieldSelector {
  const terms = splitTerms(text)
    .filter((t) => t !== '')
    .toSorted();
  // A term without field and value says nothing.
  const said = terms.map((t) => parseTerm(text, t)).filter((r) => r.field !== '' || r.value !== '');
  return new FieldSelector(said);
}

/** A value as it stands in a selector's text. */
export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, (c) => `\\${c}`);
}

/** Splits at commas that are not escaped; escapes are kept. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === ',') {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function parseTerm(selector: string, term: string): FieldRequirement {
  const at = term.search(/!=|=/);
  if (at < 0) {
    throw new FieldSelectorError(`invalid selector: '${selector}'; can't understand '${term}'`);
  }
  const negated = term[at] === '!';
  const length = negated || term.startsWith('==', at) ? 2 : 1;
  return {
    field: term.slice(0, at),
    operator: negated ? '!=' : '=',
    value: unescapeValue(term.slice(at + length)),
  };
}

function unescapeValue(text: string): string {
  if (!/[\\,=]/.test(text)) return text;
  let out = '';
  let escaped = false;
  for (const c of text) {
    if (escaped) {
      if (c !== '\\' && c !== ',' && c !== '=') throw badEscape(`\\${c}`);
      out += c;
      escaped = false;
    } else if (c === '\\') escaped = true;
    else if (c === ',' || c === '=') {
      const code = c.codePointAt(0);
      throw new FieldSelectorError(`invalid field selector: unescaped character in value: ${code}`);
    } else out += c;
  }
  if (escaped) throw badEscape('\\');
  return out;
}

function badEscape(sequence: string): FieldSelectorError {
  return new FieldSelectorError(`invalid field selector: invalid escape sequence: ${sequence}`);
}
