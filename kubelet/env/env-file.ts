/**
 * Files of `NAME='value'` lines that fileKeyRef reads (KEP-3721): values stand in single quotes,
 * are literal and may span lines; a comment may follow the closing quote.
 */

class EnvFileError extends Error {}

function fail(line: number, what: string): never {
  throw new EnvFileError(`invalid environment variable format at line ${line}: ${what}`);
}

/** The value of `key`, '' when it is not there or empty; throws for a line that is malformed. */
export function readEnvFile(text: string, key: string): string {
  const lines = text.replace(/\n$/, '').split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!.replace(/^[ \t]+/, '').replace(/\r$/, '');
    const number = i + 1;
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    if (equals < 0) fail(number, "missing '='");
    const name = line.slice(0, equals);
    if (name.trimEnd() === '') fail(number, 'empty variable name');
    if (/[ \t]$/.test(name)) fail(number, "whitespace before '=' is not allowed");
    let rest = line.slice(equals + 1);
    if (/^[ \t]/.test(rest)) {
      // As in a shell: nothing directly after the sign is an empty value.
      if (name === key) return '';
      continue;
    }
    if (!rest.startsWith("'")) fail(number, 'value must be enclosed in single quotes');
    rest = rest.slice(1);
    let value = '';
    for (let close = rest.indexOf("'"); close < 0; close = rest.indexOf("'")) {
      value += `${rest}\n`;
      i++;
      if (i >= lines.length) {
        throw new EnvFileError(
          `invalid environment variable format starting at line ${number}: unclosed single quote`,
        );
      }
      rest = lines[i]!.replace(/\r$/, '');
    }
    const close = rest.indexOf("'");
    value += rest.slice(0, close);
    const after = rest.slice(close + 1).replace(/^[ \t]+/, '');
    if (after !== '' && !after.startsWith('#')) {
      fail(i + 1, 'unexpected content after closing quote');
    }
    if (name === key) return value;
  }
  return '';
}
