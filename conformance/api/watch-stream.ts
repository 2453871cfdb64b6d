/** Reads the stream of a watch in any form to one small shape. */
import { decodeProtobuf, isProtobuf } from '../../machinery/codec/protobuf.ts';
import type { ApiObject } from './api.ts';

export type Form = 'json' | 'protobuf' | 'Table' | 'PartialObjectMetadata';

export const forms: readonly Form[] = ['json', 'protobuf', 'Table', 'PartialObjectMetadata'];

/** The Accept header that asks for a form. */
export function acceptOf(form: Form): string {
  if (form === 'json') return 'application/json';
  if (form === 'protobuf') return 'application/vnd.kubernetes.protobuf;stream=watch';
  return `application/json;as=${form};v=v1;g=meta.k8s.io`;
}

/** One event as the client saw it. */
export interface Seen {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  /** `namespace/name`. */
  readonly key: string;
  readonly revision: number;
  /** What the writer numbered this state with, '' when the form does not show it. */
  readonly serial: string;
  /** The bookmark behind the initial events. */
  readonly initialEnd: boolean;
  /** Of an ERROR. */
  readonly code: number;
}

/** Splits a stream into events; throws on what is no event. */
export class WatchReader {
  readonly #form: Form;
  #rest: Buffer = Buffer.alloc(0);
  #tables = 0;

  constructor(form: Form) {
    this.#form = form;
  }

  /** The events that are complete with this chunk. */
  push(chunk: Buffer): Seen[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const events: Seen[] = [];
    for (let end = this.#frameEnd(); end > 0; end = this.#frameEnd()) {
      events.push(this.#read(this.#rest.subarray(0, end)));
      this.#rest = this.#rest.subarray(end);
    }
    return events;
  }

  #frameEnd(): number {
    if (this.#form !== 'protobuf') return this.#rest.indexOf(0x0a) + 1;
    if (this.#rest.length < 4) return 0;
    const end = 4 + this.#rest.readUInt32BE(0);
    return end <= this.#rest.length ? end : 0;
  }

  #read(frame: Buffer): Seen {
    const { type, object } = this.#form === 'protobuf' ? readFrame(frame) : readLine(frame);
    if (type === 'ERROR') return seen(type, object, object);
    if (this.#form !== 'Table') return seen(type, object, object);
    const table = object as unknown as {
      kind: string;
      metadata: { resourceVersion: string };
      columnDefinitions: unknown[] | null;
      rows: { object: ApiObject }[];
    };
    if (table.kind !== 'Table' || table.rows.length !== 1) throw new Error(`no table: ${frame}`);
    if ((table.columnDefinitions !== null) !== (this.#tables === 0)) {
      throw new Error(`columns in table event ${this.#tables}`);
    }
    this.#tables++;
    const row = table.rows[0]!.object;
    if (type === 'BOOKMARK') return seen(type, row, { metadata: table.metadata } as ApiObject);
    return seen(type, row, { metadata: table.metadata } as ApiObject);
  }
}

function seen(type: string, object: ApiObject, shown: ApiObject): Seen {
  const { metadata } = object;
  return {
    type: type as Seen['type'],
    key: `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`,
    revision: Number(shown.metadata?.resourceVersion ?? 0),
    serial: metadata?.annotations?.['serial'] ?? '',
    initialEnd: metadata?.annotations?.['k8s.io/initial-events-end'] === 'true',
    code: object.code ?? 0,
  };
}

function readLine(line: Buffer): { type: string; object: ApiObject } {
  return JSON.parse(line.toString()) as { type: string; object: ApiObject };
}

/** A WatchEvent message: {1 type, 2 object {1 raw}}. */
function readFrame(frame: Buffer): { type: string; object: ApiObject } {
  const fields = messageFields(frame.subarray(4));
  const raw = messageFields(fields.get(2)!).get(1)!;
  if (!isProtobuf(raw)) throw new Error('an event without an enveloped object');
  return {
    type: fields.get(1)!.toString(),
    object: decodeProtobuf(raw).object as unknown as ApiObject,
  };
}

/** The length-delimited fields of a message. */
function messageFields(message: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    if ((tag & 7) !== 2) throw new Error(`field ${tag} is not expected in a WatchEvent`);
    const length = varint();
    fields.set(tag >> 3, message.subarray(at, at + length));
    at += length;
  }
  return fields;
}
