/** Image references as container tools read them (distribution's grammar), as far as defaulting asks. */

const component = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const host = `(?:${component}(?:\\.${component})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const part = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const reference = new RegExp(
  `^(?:${host}/)?(${part}(?:/${part})*)(?::(\\w[\\w.-]{0,127}))?(?:@([^@]+))?$`,
);
const digest = /^(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/;

/** Longest repository path that is read. */
const pathLimit = 255;
/** No reference is longer; keeps a hostile text from costing anything. */
const textLimit = 1024;

/**
 * The tag of an image: as given, `latest` when there is neither tag nor digest, '' with a digest
 * alone or when the text is no reference.
 */
export function imageTag(image: string): string {
  if (image.length > textLimit || /^[a-f0-9]{64}$/.test(image)) return '';
  const slash = image.indexOf('/');
  const first = slash === -1 ? '' : image.slice(0, slash);
  const isDomain = first === 'localhost' || /[.:A-Z]/.test(first);
  const full = isDomain ? image : `docker.io/${slash === -1 ? 'library/' : ''}${image}`;
  const match = reference.exec(full);
  if (match === null || match[1]!.length > pathLimit) return '';
  const [, , tag = '', sum] = match;
  if (sum !== undefined) return digest.test(sum) ? tag : '';
  return tag === '' ? 'latest' : tag;
}
