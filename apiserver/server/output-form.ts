/** In which form a client wants its answer: encoding, and whole object, table or metadata only. */
import { StatusError } from '../../machinery/meta/status-error.ts';

export type Encoding = 'json' | 'yaml' | 'protobuf' | 'cbor';

export interface OutputForm {
  readonly encoding: Encoding;
  /** What the object is turned into. */
  readonly as: 'object' | 'Table' | 'PartialObjectMetadata';
  /** Version of meta.k8s.io that a table or metadata is shown in. */
  readonly metaVersion: string;
  /** Content-Type of an answer that is one body. */
  readonly contentType: string;
  /** Content-Type of a watch. */
  readonly streamType: string;
}

interface Clause {
  readonly type: string;
  readonly params: ReadonlyMap<string, string>;
  readonly q: number;
}

const encodings: readonly (readonly [string, Encoding])[] = [
  ['application/json', 'json'],
  ['application/yaml', 'yaml'],
  ['application/vnd.kubernetes.protobuf', 'protobuf'],
];

/** The answer's form when nothing is asked for. */
export const plainJson: OutputForm = {
  encoding: 'json',
  as: 'object',
  metaVersion: 'v1',
  contentType: 'application/json',
  streamType: 'application/json',
};

const cache = new Map<string, OutputForm | undefined>();
/** Accept headers are few and come again and again; a hostile client must not fill memory. */
const cacheLimit = 200;

/** Negotiates by the Accept header. Throws 406. `streams`: the request is a watch. */
export function negotiate(accept: string | undefined, streams = false): OutputForm {
  if (accept === undefined || accept === '' || accept === 'application/json') return plainJson;
  let form = cache.get(accept);
  if (form === undefined && !cache.has(accept)) {
    form = choose(parseAccept(accept));
    if (cache.size >= cacheLimit) cache.clear();
    cache.set(accept, form);
  }
  if (form === undefined || (streams && form.encoding === 'yaml')) throw notAcceptable(streams);
  return form;
}

/** Clauses by falling weight; of equal weight the more specific and then the earlier first. */
export function parseAccept(text: string): Clause[] {
  const clauses = text.split(',').flatMap((part): Clause[] => {
    const [type = '', ...rest] = part.split(';').map((s) => s.trim());
    if (type === '') return [];
    const params = new Map<string, string>();
    let q = 1;
    for (const p of rest) {
      const eq = p.indexOf('=');
      const key = (eq < 0 ? p : p.slice(0, eq)).trim();
      const value = eq < 0 ? '' : p.slice(eq + 1).trim();
      if (key === 'q') q = Number(value) || 0;
      else params.set(key, value.replace(/^"|"$/g, ''));
    }
    return [{ type: type === '*' ? '*/*' : type, params, q }];
  });
  const rank = (c: Clause) => (c.type === '*/*' ? 0 : c.type.endsWith('/*') ? 1 : 2);
  return clauses.sort((a, b) => b.q - a.q || rank(b) - rank(a));
}

function choose(clauses: readonly Clause[]): OutputForm | undefined {
  for (const c of clauses) {
    for (const [type, encoding] of encodings) {
      if (c.type !== type && c.type !== '*/*' && c.type !== 'application/*') continue;
      const form = withParams(type, encoding, c.params);
      if (form !== undefined) return form;
      break;
    }
  }
  return undefined;
}

function withParams(
  type: string,
  encoding: Encoding,
  params: ReadonlyMap<string, string>,
): OutputForm | undefined {
  const as = params.get('as') ?? '';
  const stream = params.get('stream');
  if (stream !== undefined && stream !== '' && stream !== 'watch') return undefined;
  let shape: OutputForm['as'] = 'object';
  if (as !== '') {
    if (params.get('g') !== 'meta.k8s.io') return undefined;
    if (params.get('v') !== 'v1' && params.get('v') !== 'v1beta1') return undefined;
    if (as === 'Table') shape = 'Table';
    else if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') {
      shape = 'PartialObjectMetadata';
    } else return undefined;
  }
  const streams = encoding === 'protobuf';
  return {
    encoding,
    as: shape,
    metaVersion: params.get('v') ?? 'v1',
    contentType: type,
    streamType: streams ? `${type};stream=watch` : type,
  };
}

function notAcceptable(streams: boolean): StatusError {
  const types = encodings.map(([t]) => t);
  if (streams) {
    types.push('application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch');
  }
  return new StatusError(
    'NotAcceptable',
    streams
      ? `406: Not Acceptable\n\nAvailable representations: ${types.join(', ')}`
      : `only the following media types are accepted: ${types.join(', ')}`,
    {},
  );
}
