/** Image references: what is a name, and which tag holds when none is given. */

const maxNameLength = 255;
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const domainPart = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${domainPart}(?:\\.${domainPart})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?`;
// Components before the slash may be a domain; the rest is lower case.
const reference = new RegExp(
  `^(?<name>(?:${domain}/)?${component}(?:/${component})*)` +
    '(?::(?<tag>[\\w][\\w.-]{0,127}))?' +
    '(?:@(?<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$',
);

export interface ImageReference {
  /** With the registry, `docker.io/library/busybox`. */
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/** Reads a reference, filling in Docker's defaults; throws with the real parser's words. */
export function parseImage(image: string): ImageReference {
  const fail = (why: string): never => {
    throw new Error(`couldn't parse image name ${JSON.stringify(image)}: ${why}`);
  };
  if (/^[a-f0-9]{64}$/.test(image)) {
    fail(`invalid repository name (${image}), cannot specify 64-byte hexadecimal strings`);
  }
  const groups = reference.exec(image)?.groups;
  if (groups === undefined) {
    const lower = reference.test(image.toLowerCase());
    return fail(
      lower
        ? 'invalid reference format: repository name must be lowercase'
        : 'invalid reference format',
    );
  }
  const { name, tag = '', digest = '' } = groups;
  if (name!.length > maxNameLength) {
    fail(`repository name must not be more than ${maxNameLength} characters`);
  }
  return { repository: withRegistry(name!), tag: tag || (digest ? '' : 'latest'), digest };
}

function withRegistry(name: string): string {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(0, slash));
  const isDomain =
    slash > 0 && (/[.:]/.test(first) || first === 'localhost' || /[A-Z]/.test(first));
  if (!isDomain) return `docker.io/${slash < 0 ? `library/${name}` : name}`;
  if (first !== 'docker.io' && first !== 'index.docker.io') return name;
  const rest = name.slice(slash + 1);
  return `docker.io/${rest.includes('/') ? rest : `library/${rest}`}`;
}

/** The image as it is asked of the runtime: `:latest` is added to a bare name. */
export function withDefaultTag(image: string): string {
  const { tag, digest } = parseImage(image);
  if (digest !== '' || image.endsWith(`:${tag}`)) return image;
  return `${image}:${tag}`;
}
