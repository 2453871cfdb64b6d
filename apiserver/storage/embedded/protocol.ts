/** What the embedded store and its thread say to each other, packed with `message.ts`. */
import type { KeyValue, StoreEvent } from '../storage.ts';
import type { HistoryLimits } from './history.ts';
import type { MessageReader, MessageWriter } from './message.ts';

/** Requests: a tag, the request's id, then fields as noted. */
export const request = {
  /** key, value, lease */
  create: 1,
  /** key, value, expected, lease */
  update: 2,
  /** key, expected */
  delete: 3,
  /** ttl seconds */
  grantLease: 4,
  /** key */
  get: 5,
  /** prefix, after, revision (0: newest), limit, with count (0, 1) */
  range: 6,
  /** prefix, from, to */
  changes: 7,
  /** revision */
  compact: 8,
  /** path */
  snapshot: 9,
  close: 10,
} as const;

/** Requests up to this tag write. */
export const lastWrite = request.grantLease;

/** Answers: a tag, the id of the request, then fields as noted. */
export const answer = {
  /** revision, createRevision (0 for a delete) */
  written: 1,
  /** revision, key-value that stands or none */
  refused: 2,
  /** number */
  done: 3,
  /** revision, key-value or none */
  value: 4,
  /** revision, more (0, 1), count, how many, key-values */
  range: 5,
  /** last revision looked at, how many, events */
  changes: 6,
  /** kind of error, number, text */
  failed: 7,
  /** Deletes of expired leases; the id is 0: how many, events */
  expired: 8,
} as const;

/** Kinds of errors that come over, with what `number` then is. */
export const failure = {
  other: 0,
  /** the oldest revision readable */
  compacted: 1,
  /** the newest revision */
  future: 2,
  /** the lease */
  leaseNotFound: 3,
  unavailable: 4,
} as const;

/** What the thread is started with. */
export interface WorkerOptions {
  readonly dataDir: string;
  readonly minRevision: number;
  readonly history: HistoryLimits;
}

/** What the thread says outside of messages: once when it is open, or when it can go on no more. */
export type WorkerNotice =
  | { readonly open: true; readonly revision: number }
  | { readonly open: false; readonly error: string };

export function writeKeyValue(to: MessageWriter, kv: KeyValue | undefined): void {
  to.byte(kv === undefined ? 0 : 1);
  if (kv === undefined) return;
  to.text(kv.key);
  to.number(kv.createRevision);
  to.number(kv.modRevision);
  to.number(kv.lease);
  to.bytes(kv.value);
}

/** A key-value whose value is a view of the message. */
export function readKeyValue(from: MessageReader): KeyValue | undefined {
  if (from.byte() === 0) return undefined;
  const key = from.text();
  const createRevision = from.number();
  const modRevision = from.number();
  const lease = from.number();
  return { key, value: from.bytes(), createRevision, modRevision, lease };
}

export function writeEvents(to: MessageWriter, events: readonly StoreEvent[]): void {
  to.number(events.length);
  for (const { type, kv } of events) {
    to.byte(type === 'put' ? 1 : 0);
    writeKeyValue(to, kv);
  }
}

export function readEvents(from: MessageReader): StoreEvent[] {
  return Array.from({ length: from.number() }, () => {
    const type = from.byte() === 1 ? 'put' : 'delete';
    return { type, kv: readKeyValue(from)! };
  });
}
