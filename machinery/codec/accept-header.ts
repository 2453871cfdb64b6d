/**
 * The Accept header as the real server reads it (goautoneg's rules, kept with their oddities: what is
 * named stands before a wildcard whatever its weight).
 */

export interface AcceptClause {
  readonly type: string;
  readonly subtype: string;
  readonly params: ReadonlyMap<string, string>;
  readonly q: number;
}

/** More clauses than this are no client's: sorting them takes time by the square. */
const maxClauses = 100;

/** Clauses in the order in which they are tried. */
export function parseAccept(text: string): AcceptClause[] {
  const clauses: AcceptClause[] = [];
  for (const part of text.split(',')) {
    const clause = parseClause(part);
    if (clause !== undefined) clauses.push(clause);
    if (clauses.length === maxClauses) break;
  }
  // Not a total order: the way of sorting shows.
  for (let i = 1; i < clauses.length; i++) {
    for (let j = i; j > 0 && before(clauses[j]!, clauses[j - 1]!); j--) {
      [clauses[j - 1], clauses[j]] = [clauses[j]!, clauses[j - 1]!];
    }
  }
  return clauses;
}

/** Whether a clause takes a media type. */
export function takes(clause: AcceptClause, mediaType: string): boolean {
  const [type, subtype] = mediaType.split('/');
  if (clause.subtype === '*') return clause.type === '*' || clause.type === type;
  return clause.type === type && clause.subtype === subtype;
}

/** The first check of a request: some clause is one of the types, or the wildcard; no weights. */
export function namesOne(accept: string, mediaTypes: readonly string[]): boolean {
  return accept.split(',').some((part) => {
    const name = trim(part.split(';', 1)[0]!);
    return name === '*/*' || mediaTypes.includes(name);
  });
}

function before(a: AcceptClause, b: AcceptClause): boolean {
  if (a.q > b.q) return true;
  if (a.type !== '*' && b.type === '*') return true;
  return a.subtype !== '*' && b.subtype === '*';
}

function parseClause(text: string): AcceptClause | undefined {
  const [range = '', ...rest] = trim(text).split(';');
  const names = range.split('/');
  const type = trim(names[0]!);
  let subtype = names[1] ?? '';
  if (names.length > 2) return undefined;
  if (subtype === '') {
    if (type !== '*') return undefined;
    subtype = '*';
  }
  const params = new Map<string, string>();
  let q = 1;
  for (const pair of rest) {
    const [name, value, ...more] = pair.split('=');
    if (name === undefined || value === undefined || value === '' || more.length > 0) continue;
    if (trim(name) === 'q') q = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? +value : 0;
    else params.set(trim(name), trim(value));
  }
  return { type, subtype: trim(subtype), params, q };
}

function trim(text: string): string {
  return text.replace(/^ +| +$/g, '');
}
