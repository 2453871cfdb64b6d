/** Watch events in the form that a client asked for. */
import { encodeCborEvent } from '../../machinery/codec/cbor.ts';
import { normalize } from '../../machinery/codec/decode.ts';
import { encodeWatchFrame } from '../../machinery/codec/protobuf.ts';
import type { StatusError } from '../../machinery/meta/status-error.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import { toServed } from '../registry/served-resource.ts';
import { partial, type RenderContext } from '../server/rendering.ts';
import { type IncludeObject, table, tableJson } from '../server/table.ts';
import type { StoredObject } from '../storage/cache/stored-object.ts';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** The annotation of the bookmark behind the initial events. */
const initialEventsEnd = 'k8s.io/initial-events-end';

/** Makes the frames of one stream. */
export class WatchEncoder {
  readonly #c: RenderContext;
  readonly #include: IncludeObject;
  readonly #representation: string;
  #definitionsSent = false;

  constructor(c: RenderContext, include: IncludeObject) {
    this.#c = c;
    this.#include = include;
    const { encoding, as, metaVersion } = c.form;
    this.#representation = `${encoding}/${as}/${metaVersion}/${c.resource.apiVersion}`;
  }

  /**
   * One event. `share` leaves the bytes at the object, for the other watches that are told of the
   * event at the same time; the cache takes them away afterwards.
   */
  event(type: EventType, o: StoredObject, share: boolean): Buffer {
    // Cells with ages grow old, and the first table of a stream differs: tables are not shared.
    if (this.#c.form.as === 'Table') {
      return this.#table(type, o, { resourceVersion: String(o.revision) });
    }
    const key = `${type}/${this.#representation}`;
    const made = o.frames?.get(key);
    if (made !== undefined) return made;
    const frame = this.#encode(type, o);
    if (share) {
      o.frames ??= new Map();
      o.frames.set(key, frame);
    }
    return frame;
  }

  /** Tells that everything up to `revision` has been sent. */
  bookmark(revision: number, endOfInitial: boolean): Buffer {
    const { resource, form } = this.#c;
    const metadata = {
      resourceVersion: String(revision),
      ...(endOfInitial ? { annotations: { [initialEventsEnd]: 'true' } } : {}),
    };
    const { kind } = resource.definition;
    const value: KubeObject = { kind, apiVersion: resource.apiVersion, metadata };
    if (form.as === 'Table') {
      return this.#table('BOOKMARK', value, { resourceVersion: String(revision) });
    }
    if (form.as === 'PartialObjectMetadata') {
      return this.#value('BOOKMARK', partial(resource, value, form.metaVersion));
    }
    return this.#value('BOOKMARK', normalize(value, resource.type) as KubeObject);
  }

  error(error: StatusError): Buffer {
    return this.#value('ERROR', error.toStatus() as unknown as KubeObject);
  }

  #encode(type: EventType, o: StoredObject): Buffer {
    const { form, resource } = this.#c;
    if (form.encoding === 'json' && form.as === 'object' && resource.conversion === undefined) {
      return jsonFrame(type, o.bytes);
    }
    const stored = o.object<KubeObject>();
    const partially = form.as === 'PartialObjectMetadata';
    const shown = partially
      ? partial(resource, stored, form.metaVersion)
      : toServed(resource, stored);
    return this.#value(type, shown);
  }

  /** The first table of a stream alone names the columns. */
  #table(
    type: EventType | 'BOOKMARK',
    item: StoredObject | KubeObject,
    meta: { resourceVersion: string },
  ): Buffer {
    const { form, resource } = this.#c;
    const options = {
      include: this.#include,
      nowMs: Date.now(),
      definitions: !this.#definitionsSent,
      version: form.metaVersion,
    };
    this.#definitionsSent = true;
    if (form.encoding === 'json') {
      return jsonFrame(type, tableJson(resource, [item], meta, options));
    }
    return this.#value(type, table(resource, [item], meta, options));
  }

  #value(type: EventType | 'BOOKMARK' | 'ERROR', value: KubeObject): Buffer {
    if (this.#c.form.encoding === 'protobuf') {
      const t = kindType(value.apiVersion ?? '', value.kind ?? '');
      return Buffer.from(encodeWatchFrame(type, value, t ?? this.#c.resource.type));
    }
    if (this.#c.form.encoding === 'cbor') return encodeCborEvent(type, value);
    return jsonFrame(type, Buffer.from(JSON.stringify(value)));
  }
}

const heads: Readonly<Record<string, Buffer>> = Object.fromEntries(
  ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'].map((t) => [
    t,
    Buffer.from(`{"type":"${t}","object":`),
  ]),
);
const tail = Buffer.from('}\n');

function jsonFrame(type: string, object: Buffer): Buffer {
  return Buffer.concat([heads[type]!, object, tail]);
}
