/** Random name suffixes, in the alphabet the real server uses (no vowels, no look-alikes). */

const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const maxBaseLength = 63 - suffixLength;

/** `n` random characters; `random` gives numbers in [0, 1). */
export function randomSuffix(n: number, random: () => number = Math.random): string {
  let out = '';
  for (let i = 0; i < n; i++) out += alphabet[Math.floor(random() * alphabet.length)];
  return out;
}

/** A name from a generateName: the base, cut to 58 characters, and five random ones. */
export function simpleNameGenerator(base: string, random: () => number = Math.random): string {
  return base.slice(0, maxBaseLength) + randomSuffix(suffixLength, random);
}

/** Maps any text into the alphabet, a character each: how hashes in names are written. */
export function safeEncode(text: string): string {
  let out = '';
  for (const c of text) out += alphabet[c.codePointAt(0)! % alphabet.length];
  return out;
}
