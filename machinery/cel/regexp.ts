/**
 * Regular expressions in RE2's syntax, matched in linear time whatever the pattern: patterns come
 * from users, and JavaScript's own engine can be kept busy for minutes.
 */
import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';
import { CelError } from './values.ts';

/** A compiled pattern; `test(text)` is whether it matches anywhere. */
export type Regexp = RE2JS;

const require = createRequire(import.meta.url);

let loaded: typeof RE2JS | undefined;

/** The engine, loaded when the first pattern comes: most servers never see one. */
function engine(): typeof RE2JS {
  loaded ??= (require('re2js') as typeof import('re2js')).RE2JS;
  return loaded;
}

const kept = new Map<string, Regexp>();
const keptLimit = 256;

/** Go takes groups of one name; what they are called does not matter where names are not used. */
function compile(pattern: string): Regexp {
  try {
    return engine().compile(pattern);
  } catch (e) {
    if (!(e instanceof Error && /duplicate capture group name/.test(e.message))) throw e;
    const named = /\\.|\[\^?\]?[^\]]*\]|\(\?P?<\w+>/gs;
    return engine().compile(pattern.replace(named, (m) => (m.startsWith('(') ? '(' : m)));
  }
}

/** The pattern compiled, or what Go says against it. */
export function compileRegexp(pattern: string): Regexp | CelError {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  try {
    const made = compile(pattern);
    if (kept.size >= keptLimit) kept.delete(kept.keys().next().value!);
    kept.set(pattern, made);
    return made;
  } catch (e) {
    if (!(e instanceof Error) || !e.message.startsWith('error parsing regexp')) throw e;
    const complete = e.message.endsWith('`') ? e.message : `${e.message}: \`\``;
    return new CelError(complete);
  }
}
