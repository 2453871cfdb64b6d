/**
 * etcd's messages that the store needs (etcd API 3.4 and newer), written and read by hand: a
 * general decoder costs more CPU than the rest of a call. Field numbers are those of etcd's
 * rpc.proto and kv.proto.
 */
import type { KeyValue, StoreEvent } from '../storage.ts';
import { WireReader, WireWriter } from './wire.ts';

/** Paths of the calls. */
export const method = {
  range: '/etcdserverpb.KV/Range',
  txn: '/etcdserverpb.KV/Txn',
  compact: '/etcdserverpb.KV/Compact',
  watch: '/etcdserverpb.Watch/Watch',
  leaseGrant: '/etcdserverpb.Lease/LeaseGrant',
  snapshot: '/etcdserverpb.Maintenance/Snapshot',
} as const;

export interface RangeRequest {
  readonly key: Buffer;
  /** Absent: only the key itself. A zero byte: all keys from `key` on. */
  readonly rangeEnd?: Buffer;
  /** 0: all. */
  readonly limit?: number;
  /** 0: the newest. */
  readonly revision?: number;
  readonly countOnly?: boolean;
}

export interface RangeResponse {
  readonly revision: number;
  readonly kvs: KeyValue[];
  readonly more: boolean;
  readonly count: number;
}

export interface TxnResponse {
  readonly revision: number;
  readonly succeeded: boolean;
  /** What the range of the transaction found. */
  readonly kv: KeyValue | undefined;
}

export interface WatchResponse {
  readonly revision: number;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compactRevision: number;
  readonly cancelReason: string;
  /** The rest of the last revision's events is still to come. */
  readonly fragment: boolean;
  readonly events: StoreEvent[];
}

/** Room for tags, lengths and numbers of any request. */
const overhead = 160;
const compareTargetMod = 2;
const eventDelete = 1;
const noBytes = Buffer.alloc(0);

export function encodeRange(request: RangeRequest): Buffer {
  const to = new WireWriter(request.key.length + (request.rangeEnd?.length ?? 0) + overhead);
  writeRange(to, request);
  return to.finish();
}

/** Puts when the key's modRevision is `expected`; else reads the key. */
export function encodePut(key: Buffer, value: Buffer, expected: number, lease: number): Buffer {
  const to = new WireWriter(key.length * 3 + value.length + overhead);
  writeCompare(to, key, expected);
  to.message(2, () => {
    to.message(2, () => {
      to.bytes(1, key);
      to.bytes(2, value);
      if (lease !== 0) to.int(3, lease);
    });
  });
  writeElseRead(to, key);
  return to.finish();
}

/** Deletes when the key's modRevision is `expected`; else reads the key. */
export function encodeDelete(key: Buffer, expected: number): Buffer {
  const to = new WireWriter(key.length * 3 + overhead);
  writeCompare(to, key, expected);
  to.message(2, () => {
    to.message(3, () => to.bytes(1, key));
  });
  writeElseRead(to, key);
  return to.finish();
}

export function encodeCompact(revision: number): Buffer {
  const to = new WireWriter(overhead);
  to.int(1, revision);
  return to.finish();
}

export function encodeLeaseGrant(ttlSeconds: number, id: number): Buffer {
  const to = new WireWriter(overhead);
  to.int(1, ttlSeconds);
  to.int(2, id);
  return to.finish();
}

/** Watches every key. `startRevision` 0: from now on. */
export function encodeWatchAll(startRevision: number): Buffer {
  const to = new WireWriter(overhead);
  const zero = Buffer.from([0]);
  to.message(1, () => {
    to.bytes(1, zero);
    to.bytes(2, zero);
    if (startRevision > 0) to.int(3, startRevision);
  });
  return to.finish();
}

export function decodeRange(message: Buffer): RangeResponse {
  return readRange(new WireReader(message));
}

export function decodeTxn(message: Buffer): TxnResponse {
  const from = new WireReader(message);
  let revision = 0;
  let succeeded = false;
  let kv: KeyValue | undefined;
  for (let field = from.next(); field !== 0; field = from.next()) {
    if (field === 1) revision = readHeader(from.message());
    else if (field === 2) succeeded = from.bool();
    else if (field === 3) kv = readTxnPart(from.message()) ?? kv;
    else from.skip();
  }
  return { revision, succeeded, kv };
}

export function decodeWatch(message: Buffer): WatchResponse {
  const from = new WireReader(message);
  const events: StoreEvent[] = [];
  let [revision, compactRevision, cancelReason] = [0, 0, ''];
  let [created, canceled, fragment] = [false, false, false];
  for (let field = from.next(); field !== 0; field = from.next()) {
    if (field === 1) revision = readHeader(from.message());
    else if (field === 3) created = from.bool();
    else if (field === 4) canceled = from.bool();
    else if (field === 5) compactRevision = from.int();
    else if (field === 6) cancelReason = from.text();
    else if (field === 7) fragment = from.bool();
    else if (field === 11) events.push(readEvent(from.message()));
    else from.skip();
  }
  return { revision, created, canceled, compactRevision, cancelReason, fragment, events };
}

/** A piece of the snapshot. */
export function decodeSnapshot(message: Buffer): Buffer {
  const from = new WireReader(message);
  let blob = noBytes;
  for (let field = from.next(); field !== 0; field = from.next()) {
    if (field === 3) blob = from.bytes() as typeof noBytes;
    else from.skip();
  }
  return blob;
}

function writeRange(to: WireWriter, request: RangeRequest): void {
  to.bytes(1, request.key);
  if (request.rangeEnd !== undefined) to.bytes(2, request.rangeEnd);
  if (request.limit !== undefined && request.limit > 0) to.int(3, request.limit);
  if (request.revision !== undefined && request.revision > 0) to.int(4, request.revision);
  if (request.countOnly) to.int(9, 1);
}

function writeCompare(to: WireWriter, key: Buffer, modRevision: number): void {
  to.message(1, () => {
    to.int(2, compareTargetMod);
    to.bytes(3, key);
    to.int(6, modRevision);
  });
}

function writeElseRead(to: WireWriter, key: Buffer): void {
  to.message(3, () => {
    to.message(1, () => to.bytes(1, key));
  });
}

function readHeader(from: WireReader): number {
  let revision = 0;
  for (let field = from.next(); field !== 0; field = from.next()) {
    if (field === 3) revision = from.int();
    else from.skip();
  }
  return revision;
}

function readRange(from: WireReader): RangeResponse {
  const kvs: KeyValue[] = [];
  let [revision, more, count] = [0, false, 0];
  for (let field = from.next(); field !== 0; field = from.next()) {
    if (field === 1) revision = readHeader(from.message());
    else if (field === 2) kvs.push(readKeyValue(from.message()));
    else if (field === 3) more = from.bool();
    else if (field === 4) count = from.int();
    else from.skip();
  }
  return { revision, kvs, more, count };
}

/** One of: the answer to a range, to a put, to a delete; only the first says more than that. */
function readTxnPart(from: WireReader): KeyValue | undefined {
  let kv: KeyValue | undefined;
  for (let field = from.next(); field !== 0; field = from.next()) {
    if (field === 1) kv = readRange(from.message()).kvs[0];
    else from.skip();
  }
  return kv;
}

function readEvent(from: WireReader): StoreEvent {
  let type: StoreEvent['type'] = 'put';
  let kv: KeyValue | undefined;
  for (let field = from.next(); field !== 0; field = from.next()) {
    if (field === 1) type = from.int() === eventDelete ? 'delete' : 'put';
    else if (field === 2) kv = readKeyValue(from.message());
    else from.skip();
  }
  if (kv === undefined) throw new Error('etcd: event without a key');
  return { type, kv };
}

function readKeyValue(from: WireReader): KeyValue {
  let [key, createRevision, modRevision, lease] = ['', 0, 0, 0];
  let value: Buffer = noBytes;
  for (let field = from.next(); field !== 0; field = from.next()) {
    if (field === 1) key = from.text();
    else if (field === 2) createRevision = from.int();
    else if (field === 3) modRevision = from.int();
    else if (field === 5) value = from.bytes();
    else if (field === 6) lease = from.int();
    else from.skip();
  }
  return { key, value, createRevision, modRevision, lease };
}
