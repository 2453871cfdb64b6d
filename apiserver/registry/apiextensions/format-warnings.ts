/** Warnings of formats that nothing checks. */
import { member } from '../../../machinery/meta/member.ts';
import type { CustomResourceDefinition } from '../../../machinery/schema/wire.ts';
import { crdSpec, schemasOf } from './crd-spec.ts';
import { allSchemas, type JsonSchema } from './json-schema.ts';

const textFormats = new Set(
  (
    'bsonobjectid uri email hostname ipv4 ipv6 cidr mac uuid uuid3 uuid4 uuid5 isbn isbn10 ' +
    'isbn13 creditcard ssn hexcolor rgbcolor byte password date duration datetime ' +
    'k8sshortname k8slongname'
  ).split(' '),
);

const formatsByType: Readonly<Record<string, ReadonlySet<string>>> = {
  integer: new Set(['int32', 'int64']),
  number: new Set(['float', 'double']),
};

/** A format that means something for the schema's type. */
function isKnown({ type = '', format = '' }: JsonSchema): boolean {
  if (type === '' || type === 'string') return textFormats.has(format.replaceAll('-', ''));
  return member(formatsByType, type)?.has(format) === true;
}

function unknownFormats(crd: CustomResourceDefinition): string[] {
  return schemasOf(crdSpec(crd.spec))
    .flatMap((root) => [...allSchemas(root)])
    .filter((s) => Boolean(s.format) && !isKnown(s))
    .map((s) => s.format!);
}

/** One warning for each use of an unknown format that an old definition did not have. */
export function formatWarnings(
  next: CustomResourceDefinition,
  prev: CustomResourceDefinition | undefined,
): string[] {
  const before = new Set(prev === undefined ? [] : unknownFormats(prev));
  return unknownFormats(next)
    .filter((f) => !before.has(f))
    .map((f) => `unrecognized format "${f}"`);
}
