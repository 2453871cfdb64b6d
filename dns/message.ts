/** DNS messages as bytes: reading questions, writing answers that fit (RFC 1035, 6891). */
import { type Answer, type DecodedPacket, decode, encode, type Question } from 'dns-packet';

export type Rcode =
  | 'NOERROR'
  | 'FORMERR'
  | 'SERVFAIL'
  | 'NXDOMAIN'
  | 'NOTIMP'
  | 'REFUSED'
  | 'BADVERS';

const codes: Readonly<Record<Rcode, number>> = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
};

/** A question as it came in. */
export interface Query {
  readonly id: number;
  readonly question: Question;
  readonly recursionDesired: boolean;
  /** Present when the client speaks EDNS. */
  readonly edns: { readonly payloadBytes: number; readonly dnssecOk: boolean } | undefined;
  /** The bytes of the question, which answers repeat as they are. */
  readonly questionBytes: Buffer;
}

/** A query that can be worked on, or how to turn it down; undefined: not worth an answer. */
export type Parsed = Query | { readonly refuse: Rcode; readonly id: number } | undefined;

const headerBytes = 12;
/** What a client without EDNS takes over UDP. */
const plainUdpBytes = 512;
/** More than this is not sent in one datagram, whatever the client says: it would be split up. */
const limitUdpBytes = 1232;

/** Reads a message. Never throws. */
export function parseQuery(bytes: Buffer): Parsed {
  if (bytes.length < headerBytes) return undefined;
  const id = bytes.readUInt16BE(0);
  const flags = bytes.readUInt16BE(2);
  // An answer is never answered.
  if ((flags & 0x8000) !== 0) return undefined;
  if ((flags & 0x7800) !== 0) return { refuse: 'NOTIMP', id };
  if (bytes.readUInt16BE(4) !== 1) return { refuse: 'FORMERR', id };
  let packet: DecodedPacket;
  try {
    packet = decode(bytes);
  } catch {
    return { refuse: 'FORMERR', id };
  }
  const question = packet.questions?.[0];
  if (question === undefined) return { refuse: 'FORMERR', id };
  if (question.class !== 'IN' && question.class !== 'ANY') return { refuse: 'REFUSED', id };
  const opt = packet.additionals?.find((one) => one.type === 'OPT');
  if (opt !== undefined && opt.ednsVersion !== 0) return { refuse: 'BADVERS', id };
  return {
    id,
    question,
    recursionDesired: (flags & 0x0100) !== 0,
    edns:
      opt === undefined ? undefined : { payloadBytes: opt.udpPayloadSize, dnssecOk: opt.flag_do },
    questionBytes: bytes.subarray(headerBytes, headerBytes + questionLength(bytes)),
  };
}

/** A question is not compressed: labels up to the empty one, then type and class. */
function questionLength(bytes: Buffer): number {
  let at = headerBytes;
  while (at < bytes.length && bytes[at] !== 0) at += bytes[at]! + 1;
  return at + 1 + 4 - headerBytes;
}

/** What is to be said. */
export interface Response {
  readonly code: Rcode;
  readonly authoritative: boolean;
  /** True when this server asks others for names it does not own. */
  readonly recursive: boolean;
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
  readonly additionals: readonly Answer[];
}

/** The largest answer a client takes over UDP. */
export function udpLimitBytes(query: Query): number {
  const wanted = query.edns?.payloadBytes ?? plainUdpBytes;
  return Math.min(limitUdpBytes, Math.max(plainUdpBytes, wanted));
}

/**
 * Writes an answer of at most `limitBytes`. Additional records are left out first; if that is not
 * enough, answers are cut and the message is marked as truncated.
 */
export function encodeResponse(query: Query, response: Response, limitBytes: number): Buffer {
  const write = (records: readonly Answer[]) => records.map((one) => encodeRecord(one, query));
  const answers = write(response.answers);
  const authorities = write(response.authorities);
  const additionals = write(response.additionals);
  const opt = query.edns === undefined ? [] : [optRecord(query, response.code)];
  const fixed = headerBytes + query.questionBytes.length + lengthOf(opt) + lengthOf(authorities);
  let room = limitBytes - fixed;
  const kept = takeFitting(answers, room);
  room -= lengthOf(kept);
  const truncated = kept.length < answers.length;
  const extra = truncated ? [] : takeFitting(additionals, room);
  const header = headerOf(query.id, response, truncated, query.recursionDesired);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(kept.length, 6);
  header.writeUInt16BE(authorities.length, 8);
  header.writeUInt16BE(extra.length + opt.length, 10);
  return Buffer.concat([header, query.questionBytes, ...kept, ...authorities, ...extra, ...opt]);
}

/** A bare answer to a message that cannot be worked on. */
export function encodeRefusal(id: number, code: Rcode): Buffer {
  const empty = { answers: [], authorities: [], additionals: [] };
  const response = { code, authoritative: false, recursive: false, ...empty };
  const header = headerOf(id, response, false, false);
  if (code !== 'BADVERS') return header;
  header.writeUInt16BE(1, 10);
  return Buffer.concat([header, optBytes(limitUdpBytes, 1, false)]);
}

function headerOf(id: number, response: Response, truncated: boolean, desired: boolean): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(id, 0);
  const flags =
    0x8000 |
    (response.authoritative ? 0x0400 : 0) |
    (truncated ? 0x0200 : 0) |
    (desired ? 0x0100 : 0) |
    (response.recursive ? 0x0080 : 0) |
    (codes[response.code] & 0xf);
  header.writeUInt16BE(flags, 2);
  return header;
}

function optRecord(query: Query, code: Rcode): Buffer {
  return optBytes(limitUdpBytes, codes[code] >> 4, query.edns?.dnssecOk ?? false);
}

function optBytes(payloadBytes: number, extendedCode: number, dnssecOk: boolean): Buffer {
  const bytes = Buffer.alloc(11);
  bytes.writeUInt16BE(41, 1);
  bytes.writeUInt16BE(payloadBytes, 3);
  bytes.writeUInt8(extendedCode, 5);
  if (dnssecOk) bytes.writeUInt8(0x80, 7);
  return bytes;
}

/** One record; a name that equals the question's becomes a pointer to it. */
function encodeRecord(record: Answer, query: Query): Buffer {
  const bytes = encode({ answers: [record] }).subarray(headerBytes);
  if (record.name !== query.question.name || record.name === '.') return bytes;
  const nameBytes = record.name.length + 2;
  return Buffer.concat([Buffer.from([0xc0, headerBytes]), bytes.subarray(nameBytes)]);
}

function lengthOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function takeFitting(parts: readonly Buffer[], room: number): readonly Buffer[] {
  let left = room;
  const count = parts.findIndex((part) => {
    left -= part.length;
    return left < 0;
  });
  return count < 0 ? parts : parts.slice(0, count);
}
