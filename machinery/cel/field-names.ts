/**
 * Names of fields as identifiers of expressions: `a.b-c` is `a__dot__b__dash__c`, and words that the
 * language keeps for itself stand between underscores (`__namespace__`).
 */

const reserved = new Set(
  (
    'true false null in as break const continue else for function if import let loop package ' +
    'namespace return var void while'
  ).split(' '),
);

const escapes: ReadonlyMap<string, string> = new Map([
  ['__', '__underscores__'],
  ['.', '__dot__'],
  ['-', '__dash__'],
  ['/', '__slash__'],
]);
const unescapes = new Map([...escapes].map(([text, escaped]) => [escaped, text]));

/** Whether the language keeps a word for itself. */
export function isReservedWord(word: string): boolean {
  return reserved.has(word);
}

/** A field's name as an identifier; undefined for one that has none. */
export function escapeFieldName(name: string): string | undefined {
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(name)) return undefined;
  if (reserved.has(name)) return `__${name}__`;
  return name.replace(/__|[-./]/g, (part) => escapes.get(part)!);
}

/** The field that an identifier means; undefined for one that means none. */
export function unescapeFieldName(identifier: string): string | undefined {
  if (!identifier.includes('__')) return identifier;
  let valid = true;
  const name = identifier.replace(/__[^_]+__/g, (escaped) => {
    const plain = unescapes.get(escaped);
    if (plain !== undefined) return plain;
    const word = escaped.slice(2, -2);
    if (!reserved.has(word) || escaped.length !== identifier.length) valid = false;
    return word;
  });
  return valid ? name : undefined;
}
