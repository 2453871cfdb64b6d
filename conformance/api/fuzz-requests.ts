/** Arbitrary writes: bodies in every encoding, patches of every sort. */
import fc from 'fast-check';
import { encodeCbor } from '../../machinery/codec/cbor.ts';
import { normalize } from '../../machinery/codec/decode.ts';
import { encodeProtobuf } from '../../machinery/codec/protobuf.ts';
import { encodeYaml } from '../../machinery/codec/yaml.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import { anything, structOf, text } from './fuzz-values.ts';
import { kindObjects } from './kind-objects.ts';
import { mutate } from './mutate.ts';
import { randomOf } from './random.ts';

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

/** A resource as discovery names it. */
export interface FuzzResource {
  readonly apiVersion: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export const namespace = 'fuzz';
const names = ['a', 'b', 'c'];

/** The path of a resource's objects. */
export function folderOf(r: FuzzResource): string {
  const root = r.apiVersion.includes('/') ? `/apis/${r.apiVersion}` : `/api/${r.apiVersion}`;
  return r.namespaced ? `${root}/namespaces/${namespace}/${r.plural}` : `${root}/${r.plural}`;
}

const encode = encodeURIComponent;
/** Texts that can be sent. */
export const wellFormed = text.map((t) => t.toWellFormed());

/** Kinds of which objects may really be made: they change nothing for other requests. */
const harmless = new Set([
  'ConfigMap',
  'Secret',
  'Deployment',
  'Job',
  'CronJob',
  'Lease',
  'Ingress',
]);

const validations = fc.constantFrom('', '&fieldValidation=Strict', '&fieldValidation=Ignore');

const writeQuery = (r: FuzzResource): fc.Arbitrary<string> =>
  fc
    .tuple(fc.boolean(), validations, fc.constantFrom('', '&fieldManager=m', '&pretty=1'))
    .map(([store, validation, more]) => {
      const real = store && harmless.has(r.kind);
      return `?${real ? '' : 'dryRun=All'}${validation}${more}`;
    });

/** An object of a resource, with a name that fits the path more often than not. */
function objectOf(r: FuzzResource): fc.Arbitrary<Record<string, unknown>> {
  const type = kindType(r.apiVersion, r.kind)!;
  const { body } = kindObjects[`${r.apiVersion}/${r.plural}`] ?? {};
  // What is nearly right gets farther than what is not.
  const near = fc.nat().map((seed) => {
    const object = structuredClone(body ?? {});
    mutate(object, type, randomOf(seed));
    return object as unknown;
  });
  return fc
    .tuple(
      body === undefined ? structOf(type) : fc.oneof(structOf(type), near),
      fc.constantFrom(...names),
      fc.integer({ min: 0, max: 9 }),
    )
    .map(([object, name, odd]) => {
      const value = object as Record<string, unknown>;
      const given = value['metadata'];
      const metadata = odd === 0 ? given : { ...(isRecord(given) ? given : {}), name };
      if (odd > 1 && isRecord(metadata)) delete metadata['namespace'];
      if (odd > 1 && isRecord(metadata)) delete metadata['resourceVersion'];
      return { apiVersion: r.apiVersion, kind: r.kind, ...value, metadata };
    });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Bytes with a few of them changed, cut out or repeated. */
function damaged(bytes: Buffer): fc.Arbitrary<Buffer> {
  const place = fc.integer({ min: 0, max: Math.max(0, bytes.length - 1) });
  const change = fc.tuple(fc.constantFrom('set', 'cut', 'end', 'twice'), place, fc.nat(255));
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    let out = Buffer.from(bytes);
    for (const [how, at, byte] of changes) {
      if (how === 'set' && at < out.length) out[at] = byte;
      if (how === 'cut') out = Buffer.concat([out.subarray(0, at), out.subarray(at + (byte % 8))]);
      if (how === 'end') out = out.subarray(0, at);
      if (how === 'twice') out = Buffer.concat([out.subarray(0, at), out.subarray(at >> 1)]);
    }
    return out;
  });
}

const sometimesDamaged = (bytes: Buffer): fc.Arbitrary<Buffer> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(bytes) }, damaged(bytes));

function protobufOf(value: KubeObject): Buffer {
  const type = kindType(value.apiVersion ?? '', value.kind ?? '')!;
  try {
    return encodeProtobuf(normalize(structuredClone(value), type), type);
  } catch {
    // What does not fit the type has no protobuf form.
    return Buffer.from('k8s\0');
  }
}

const yamlOddities = [
  'a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n',
  `a: &a ["x"]\n${Array.from({ length: 30 }, (_, i) => `k${i}: &k${i} [${i === 0 ? '*a,*a' : `*k${i - 1},*k${i - 1}`}]`).join('\n')}`,
  'metadata: {name: a}\n---\nmetadata: {name: b}\n',
  '!!binary |\n  R0lGODlhDAAMAIQAAP//9/X17unp5WZmZgAAAOfn515eXvPz7Y6OjuDg4J+fn5\n',
  '<<: {a: 1}\nmetadata: {name: a}\n',
  '%YAML 1.1\n---\ndata: {? a : b, 0x10: 1, yes: no, ~: null}\n',
  'data:\n\t- tab\n',
  '\ufeffmetadata: {name: a}',
  '&a : *a',
  '? [complex, key]\n: value\n',
  `${'['.repeat(20_000)}`,
  `${'- '.repeat(20_000)}`,
  `${'a: '.repeat(2000)}`,
].map((s) => Buffer.from(s));

/** A body and its type, in one of the encodings. */
function bodyOf(value: Record<string, unknown>): fc.Arbitrary<readonly [string, Buffer]> {
  const json = Buffer.from(JSON.stringify(value));
  const typed = (type: string, bytes: fc.Arbitrary<Buffer>) =>
    bytes.map((b): readonly [string, Buffer] => [type, b]);
  return fc.oneof(
    { weight: 6, arbitrary: typed('application/json', sometimesDamaged(json)) },
    {
      weight: 2,
      arbitrary: typed(
        'application/yaml',
        fc.oneof(
          sometimesDamaged(Buffer.from(encodeYaml(value))),
          sometimesDamaged(json),
          fc.constantFrom(...yamlOddities),
        ),
      ),
    },
    {
      weight: 3,
      arbitrary: typed(
        'application/vnd.kubernetes.protobuf',
        sometimesDamaged(protobufOf(value as KubeObject)),
      ),
    },
    {
      weight: 1,
      arbitrary: typed('application/cbor', sometimesDamaged(encodeCbor(value))),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(wellFormed, fc.constant(json))
        .map(([type, b]) => [type.replace(/[^\x20-\x7e]/g, ''), b] as const),
    },
  );
}

/** Creates and updates of all kinds. */
export function writes(resources: readonly FuzzResource[]): fc.Arbitrary<FuzzRequest> {
  return fc.constantFrom(...resources).chain((r) =>
    fc.tuple(objectOf(r), writeQuery(r), fc.boolean()).chain(([object, query, creates]) =>
      bodyOf(object).map(([type, body]): FuzzRequest => {
        const { name } = (object['metadata'] ?? {}) as { name?: unknown };
        const last = typeof name === 'string' ? `/${encode(name.toWellFormed())}` : '/a';
        return {
          method: creates ? 'POST' : 'PUT',
          path: `${folderOf(r)}${creates ? '' : last}${query}`,
          headers: { 'content-type': type },
          body,
        };
      }),
    ),
  );
}

const pointers = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'metadata',
        'labels',
        'spec',
        'data',
        'containers',
        '0',
        '-',
        '-1',
        '~1',
        '~2',
      ),
      wellFormed,
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.map((p) => `/${p}`).join(''));

const operations = fc.array(
  fc.record(
    {
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'bogus'),
      path: fc.oneof({ weight: 9, arbitrary: pointers as fc.Arbitrary<unknown> }, anything),
      from: pointers,
      value: anything,
    },
    { requiredKeys: [] },
  ),
  { maxLength: 4 },
);

const directives = fc.array(
  fc.tuple(
    fc.constantFrom(
      ...['$patch', '$retainKeys', '$setElementOrder/containers', '$setElementOrder/ports'],
      ...['$deleteFromPrimitiveList/finalizers', '$setElementOrder/finalizers', '$a', '$patch/x'],
    ),
    fc.oneof(fc.constantFrom('delete', 'replace', 'merge', 'bogus'), anything),
  ),
  { maxLength: 2 },
);

/** Puts directives at random places of a patch. */
function withDirectives(value: unknown, [first, ...rest]: readonly (readonly [string, unknown])[]) {
  if (first === undefined || !isRecord(value)) return value;
  const out: Record<string, unknown> = { ...value };
  const inner = Object.keys(out).find((k) => isRecord(out[k]) || Array.isArray(out[k]));
  if (rest.length > 0 && inner !== undefined) {
    const at = out[inner];
    if (isRecord(at)) out[inner] = { ...at, [first[0]]: first[1] };
    else out[inner] = [...(at as unknown[]), { [first[0]]: first[1] }];
  } else out[first[0]] = first[1];
  return out;
}

/** Patches of all kinds at objects of all kinds; most at those that exist. */
export function patches(resources: readonly FuzzResource[]): fc.Arbitrary<FuzzRequest> {
  const existing = resources.filter(
    (r) => kindObjects[`${r.apiVersion}/${r.plural}`] !== undefined,
  );
  const resource = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...existing) },
    fc.constantFrom(...resources),
  );
  return resource.chain((r) => {
    const body = fc.oneof(
      operations.map((o) => ['application/json-patch+json', o] as const),
      objectOf(r).map((o) => ['application/merge-patch+json', o] as const),
      fc
        .tuple(objectOf(r), directives)
        .map(([o, d]) => ['application/strategic-merge-patch+json', withDirectives(o, d)] as const),
      objectOf(r).map((o) => ['application/apply-patch+yaml', o] as const),
      anything.map((a) => ['application/merge-patch+json', a] as const),
      fc
        .tuple(fc.constantFrom('apply-patch+yaml', 'json-patch+json', 'x'), anything)
        .map(([type, a]) => [`application/${type}`, a] as const),
    );
    const last = fc.constantFrom('/a', '/b', '/c', '/a/status', '/a/scale', '/default');
    return fc
      .tuple(body, writeQuery(r), last, fc.constantFrom('', '&force=true', '&force=bogus'))
      .chain(([[type, value], query, name, force]) =>
        sometimesDamaged(Buffer.from(JSON.stringify(value) ?? '')).map(
          (bytes): FuzzRequest => ({
            method: 'PATCH',
            path: `${folderOf(r)}${name}${query}${force}`,
            headers: { 'content-type': type },
            body: bytes,
          }),
        ),
      );
  });
}
