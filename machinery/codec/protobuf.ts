/**
 * The API's protobuf: `k8s\0` and a runtime.Unknown that names the type and carries the object's
 * message. Written byte for byte as the real server writes it.
 */
import { badRequest, type StatusError } from '../meta/status-error.ts';
import { registeredKind } from '../schema/registered-kind.ts';
import type { StructType } from '../schema/schema.ts';
import type { KubeObject } from '../schema/wire.ts';
import { convert } from './decode.ts';
import { DecodeError } from './decode-context.ts';
import { ProtoReader } from './proto-reader.ts';
import { ProtoWriter } from './proto-writer.ts';
import { readMessage } from './protobuf-decode.ts';
import { messageWriter } from './protobuf-encode.ts';

const magic = Buffer.from('k8s\0');

/** What a protobuf body says about itself. */
export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  /** The object's message, a view into the body. */
  readonly raw: Buffer;
}

/** True when the bytes begin as an enveloped object does (a stored value may be JSON too). */
export function isProtobuf(bytes: Uint8Array): boolean {
  return magic.every((b, i) => bytes[i] === b);
}

/** An object in normal form with its envelope; apiVersion and kind are the object's own. */
export function encodeProtobuf(object: KubeObject, type: StructType): Buffer {
  const out = new ProtoWriter();
  out.byte(0);
  out.byte(0x22);
  out.byte(0);
  out.byte(0x1a);
  const start = out.mark();
  messageWriter(type)(out, object);
  out.header(0x12, start);
  const typeMeta = out.mark();
  writeString(out, 0x12, object.kind ?? '');
  writeString(out, 0x0a, object.apiVersion ?? '');
  out.header(0x0a, typeMeta);
  out.bytes(magic);
  return out.finish();
}

function writeString(out: ProtoWriter, tag: number, text: string): void {
  const mark = out.mark();
  out.string(text);
  out.header(tag, mark);
}

/**
 * Reads an enveloped object of a known kind to normal form. Throws StatusError BadRequest on
 * anything else.
 */
export function decodeProtobuf(bytes: Uint8Array): {
  apiVersion: string;
  kind: string;
  object: Record<string, unknown>;
} {
  try {
    const { apiVersion, kind, raw } = readEnvelope(bytes);
    const type = registeredKind(apiVersion, kind);
    if (type === undefined) {
      throw new DecodeError(`no kind "${kind}" is registered for version "${apiVersion}"`);
    }
    return { apiVersion, kind, object: decodeRaw(raw, type, apiVersion, kind) };
  } catch (e) {
    throw toStatus(e);
  }
}

/** A message without envelope, in normal form. Throws StatusError BadRequest. */
export function decodeMessage(bytes: Uint8Array, type: StructType): Record<string, unknown> {
  try {
    return convert(readMessage(bytes, type), type, false, false, false).object;
  } catch (e) {
    throw toStatus(e);
  }
}

/** An envelope's message as an object that names its kind. Throws DecodeError. */
export function decodeRaw(
  raw: Buffer,
  type: StructType,
  apiVersion: string,
  kind: string,
): Record<string, unknown> {
  const fields = { kind, apiVersion, ...readMessage(raw, type) };
  return convert(fields, type, false, false, false).object;
}

/** Splits a body. Throws DecodeError with the real server's text. */
export function readEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length === 0) throw new DecodeError('empty data');
  if (!isProtobuf(bytes)) {
    throw new DecodeError(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  }
  if (bytes.length === magic.length) throw new DecodeError('empty body');
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = new ProtoReader(buffer, magic.length);
  let apiVersion = '';
  let kind = '';
  let raw = buffer.subarray(0, 0);
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x0a) {
      const meta = reader.message();
      while (meta.more) {
        const inner = meta.tag();
        if (inner === 0x0a) apiVersion = meta.message().text();
        else if (inner === 0x12) kind = meta.message().text();
        else meta.skip(inner & 7);
      }
    } else if (tag === 0x12) {
      const message = reader.message();
      raw = buffer.subarray(message.at, message.end);
    } else reader.skip(tag & 7);
  }
  return { apiVersion, kind, raw };
}

/**
 * One frame of a protobuf watch: 4 bytes of length, big-endian, and a WatchEvent (without the
 * envelope of its own) whose object is enveloped.
 */
export function encodeWatchFrame(eventType: string, object: KubeObject, type: StructType): Buffer {
  return watchFrame(eventType, encodeProtobuf(object, type));
}

/** As encodeWatchFrame, around bytes that encodeProtobuf has made. */
export function watchFrame(eventType: string, enveloped: Uint8Array): Buffer {
  const out = new ProtoWriter();
  out.bytes(enveloped);
  out.header(0x0a, 0);
  out.header(0x12, 0);
  writeString(out, 0x0a, eventType);
  const size = out.mark();
  for (let i = 0; i < 4; i++) out.byte((size >>> (8 * i)) & 0xff);
  return out.finish();
}

function toStatus(e: unknown): StatusError {
  if (e instanceof DecodeError) return badRequest(e.message);
  throw e;
}
