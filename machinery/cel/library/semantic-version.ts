/** Semantic versions (semver.org 2.0.0): reading, with the real server's words, and their order. */
import { quote } from '../../meta/field-error.ts';

/** A version; build metadata takes no part in the order, so it is checked and dropped. */
export interface SemanticVersion {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  /** Identifiers of the pre-release; the numeric ones are bigint. */
  readonly prerelease: readonly (bigint | string)[];
}

/** Why a text is no version. */
export interface VersionProblem {
  readonly problem: string;
}

class Problem extends Error {}

const maxUint64 = 2n ** 64n - 1n;

/** Reads a version, strictly. */
export function parseSemanticVersion(text: string): SemanticVersion | VersionProblem {
  try {
    return parse(text);
  } catch (e) {
    if (!(e instanceof Problem)) throw e;
    return { problem: e.message };
  }
}

/** Reads what people write: a `v` in front, leading zeros, parts that are left out. */
export function parseNormalizedVersion(text: string): SemanticVersion | VersionProblem {
  const parts = splitParts(text.startsWith('v') ? text.slice(1) : text).map((p) => {
    if (p.length <= 1) return p;
    const bare = p.replace(/^0+/, '');
    return /^[0-9]/.test(bare) ? bare : `0${bare}`;
  });
  if (parts.length < 3) {
    if (/[+-]/.test(parts.at(-1)!)) {
      return { problem: 'short version cannot contain PreRelease/Build meta data' };
    }
    while (parts.length < 3) parts.push('0');
  }
  return parseSemanticVersion(parts.join('.'));
}

/** -1 when `a` comes before `b`, 0 when neither does, 1 otherwise. */
export function compareVersions(a: SemanticVersion, b: SemanticVersion): -1 | 0 | 1 {
  for (const part of ['major', 'minor', 'patch'] as const) {
    if (a[part] !== b[part]) return a[part] < b[part] ? -1 : 1;
  }
  const [x, y] = [a.prerelease, b.prerelease];
  if (x.length === 0 || y.length === 0) return order(y.length, x.length);
  for (let i = 0; i < x.length && i < y.length; i++) {
    const c = compareIdentifiers(x[i]!, y[i]!);
    if (c !== 0) return c;
  }
  return order(x.length, y.length);
}

function order(a: number | bigint, b: number | bigint): -1 | 0 | 1 {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareIdentifiers(a: bigint | string, b: bigint | string): -1 | 0 | 1 {
  if (typeof a === 'bigint') return typeof b === 'bigint' ? order(a, b) : -1;
  if (typeof b === 'bigint') return 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** At the first two dots. */
function splitParts(text: string): string[] {
  const [first, second, ...rest] = text.split('.');
  if (second === undefined) return [first!];
  return rest.length === 0 ? [first!, second] : [first!, second, rest.join('.')];
}

function parse(text: string): SemanticVersion {
  if (text === '') throw new Problem('Version string empty');
  const parts = splitParts(text);
  if (parts.length !== 3) throw new Problem('No Major.Minor.Patch elements found');
  const major = parseNumber(parts[0]!, 'Major');
  const minor = parseNumber(parts[1]!, 'Minor');
  const [front, build] = cut(parts[2]!, '+');
  const [number, pre] = cut(front, '-');
  const patch = parseNumber(number, 'Patch');
  const prerelease = pre === undefined ? [] : pre.split('.').map(parseIdentifier);
  for (const part of build === undefined ? [] : build.split('.')) {
    if (part === '') throw new Problem('Build meta data is empty');
    if (!/^[0-9A-Za-z-]+$/.test(part)) {
      throw new Problem(`Invalid character(s) found in build meta data ${quote(part)}`);
    }
  }
  return { major, minor, patch, prerelease };
}

function cut(text: string, separator: string): [string, string | undefined] {
  const i = text.indexOf(separator);
  return i < 0 ? [text, undefined] : [text.slice(0, i), text.slice(i + 1)];
}

function parseNumber(text: string, part: string): bigint {
  if (/[^0-9]/.test(text)) {
    const name = part.toLowerCase();
    throw new Problem(`Invalid character(s) found in ${name} number ${quote(text)}`);
  }
  if (/^0./.test(text)) {
    throw new Problem(`${part} number must not contain leading zeroes ${quote(text)}`);
  }
  return parseUint(text);
}

function parseUint(text: string): bigint {
  const wrong = (why: string) => new Problem(`strconv.ParseUint: parsing ${quote(text)}: ${why}`);
  if (text === '') throw wrong('invalid syntax');
  const n = BigInt(text);
  if (n > maxUint64) throw wrong('value out of range');
  return n;
}

function parseIdentifier(text: string): bigint | string {
  if (text === '') throw new Problem('Prerelease is empty');
  if (/[^0-9A-Za-z-]/.test(text)) {
    throw new Problem(`Invalid character(s) found in prerelease ${quote(text)}`);
  }
  if (/[^0-9]/.test(text)) return text;
  if (/^0./.test(text)) {
    throw new Problem(`Numeric PreRelease version must not contain leading zeroes ${quote(text)}`);
  }
  return parseUint(text);
}
