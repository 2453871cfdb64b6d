/** In which form a client wants its answer: encoding, and whole object, table or metadata only. */

import {
  type AcceptClause,
  namesOne,
  parseAccept,
  takes,
} from '../../machinery/codec/accept-header.ts';
import { StatusError } from '../../machinery/meta/status-error.ts';

export type Encoding = 'json' | 'yaml' | 'protobuf' | 'cbor';

export interface OutputForm {
  readonly encoding: Encoding;
  /** What the object is turned into. */
  readonly as: 'object' | 'Table' | 'PartialObjectMetadata';
  /** Metadata is asked for as that of a list. */
  readonly asList: boolean;
  /** Version of meta.k8s.io that a table or metadata is shown in. */
  readonly metaVersion: string;
  /** Content-Type of an answer that is one body. */
  readonly contentType: string;
  /** Content-Type of a watch. */
  readonly streamType: string;
  /** The client asked for indented JSON in its Accept header. */
  readonly pretty: boolean;
}

/**
 * What is asked: `one` answers one object, `list` and `watch` a collection; `plain` is an object that
 * there is no table of; `status` is an error or a document of discovery, which have no other shape
 * than their own.
 */
export type AnswerKind = 'list' | 'one' | 'plain' | 'status' | 'watch';

/** What the server tells that it answers in. */
export const mediaTypes = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
] as const;
const streamTypes = [
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
];

const encodings: readonly (readonly [string, Encoding])[] = [
  ['application/json', 'json'],
  ['application/yaml', 'yaml'],
  ['application/vnd.kubernetes.protobuf', 'protobuf'],
  // Behind a gate in the real server, which is why it is not told.
  ['application/cbor', 'cbor'],
  ['application/cbor-seq', 'cbor'],
];
const understood = encodings.map(([type]) => type);

/** The answer's form when nothing is asked for. */
export const plainJson: OutputForm = {
  encoding: 'json',
  as: 'object',
  asList: false,
  metaVersion: 'v1',
  contentType: 'application/json',
  streamType: 'application/json',
  pretty: false,
};

const cache = new Map<string, OutputForm | StatusError>();
/** Accept headers are few and come again and again; a hostile client must not fill memory. */
const cacheLimit = 200;

/** Negotiates by the Accept header. Throws 406. */
export function negotiate(accept: string | undefined, kind: AnswerKind = 'one'): OutputForm {
  if (accept === undefined || accept === '' || accept === 'application/json') return plainJson;
  const key = `${kind} ${accept}`;
  let form = cache.get(key);
  if (form === undefined) {
    form = choose(accept, kind);
    if (cache.size >= cacheLimit) cache.clear();
    cache.set(key, form);
  }
  if (form instanceof StatusError) throw form;
  return form;
}

function choose(accept: string, kind: AnswerKind): OutputForm | StatusError {
  if (kind !== 'status' && !namesOne(accept, understood)) {
    const collection = kind === 'list' || kind === 'watch';
    const told = collection ? [...mediaTypes, ...streamTypes] : mediaTypes;
    return noRepresentation(told);
  }
  for (const clause of parseAccept(accept)) {
    for (const [type, encoding] of encodings) {
      if (!takes(clause, type) || (type.endsWith('-seq') && kind !== 'watch')) continue;
      const form = formOf(type, encoding, clause, kind);
      if (form !== undefined) return form;
    }
  }
  return notAcceptable(mediaTypes);
}

/** Throws 406 for a form that there are no streams in. */
export function checkStreams({ encoding }: OutputForm): void {
  if (encoding === 'yaml') throw notAcceptable(streamTypes);
}

/** 406 as the real server's router words it, which looks at the names alone. */
export function noRepresentation(types: readonly string[]): StatusError {
  const text = `406: Not Acceptable\n\nAvailable representations: ${types.join(', ')}`;
  return new StatusError('NotAcceptable', text, {});
}

/** 406 of what negotiates in earnest. */
function notAcceptable(types: readonly string[]): StatusError {
  const text = `only the following media types are accepted: ${types.join(', ')}`;
  return new StatusError('NotAcceptable', text);
}

/** Undefined: the clause asks for something that this encoding or this answer does not have. */
function formOf(
  type: string,
  encoding: Encoding,
  { params }: AcceptClause,
  kind: AnswerKind,
): OutputForm | undefined {
  const stream = params.get('stream') ?? '';
  if (stream !== '' && (stream !== 'watch' || encoding === 'yaml')) return undefined;
  const version = params.get('sv') ?? '';
  if (version !== '' && (kind === 'status' || version !== 'v1')) return undefined;
  const as = shapeOf(params, encoding);
  if (as === undefined || (kind === 'status' && as !== 'object')) return undefined;
  if (kind === 'plain' && as === 'Table') return undefined;
  return {
    encoding,
    as,
    asList: params.get('as') === 'PartialObjectMetadataList',
    metaVersion: params.get('v') ?? 'v1',
    contentType: type,
    streamType: streamTypeOf(type, encoding),
    pretty: params.get('pretty') === '1',
  };
}

function shapeOf(
  params: ReadonlyMap<string, string>,
  encoding: Encoding,
): OutputForm['as'] | undefined {
  if (!['as', 'g', 'v'].some((name) => params.has(name))) return 'object';
  if (params.get('g') !== 'meta.k8s.io') return undefined;
  if (params.get('v') !== 'v1' && params.get('v') !== 'v1beta1') return undefined;
  switch (params.get('as')) {
    case 'Table':
      return encoding === 'json' || encoding === 'yaml' ? 'Table' : undefined;
    case 'PartialObjectMetadata':
    case 'PartialObjectMetadataList':
      return 'PartialObjectMetadata';
  }
  return undefined;
}

function streamTypeOf(type: string, encoding: Encoding): string {
  if (encoding === 'cbor') return 'application/cbor-seq';
  return encoding === 'json' ? type : `${type};stream=watch`;
}
