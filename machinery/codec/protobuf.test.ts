import { strict as assert } from 'node:assert';
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { hasReason, StatusError } from '../meta/status-error.ts';
import { kindType, structType } from '../schema/schema.ts';
import type { KubeObject } from '../schema/wire.ts';
import { toTyped } from './decode.ts';
import {
  decodeMessage,
  decodeProtobuf,
  decodeRaw,
  encodeProtobuf,
  encodeWatchFrame,
  readEnvelope,
} from './protobuf.ts';
import { encodeMessage } from './protobuf-encode.ts';

/** Recorded pairs of JSON and protobuf; they live beside the checkout. */
const recorded = new URL(
  '../../../shared/facts/protobuf-golden/roundtrip.json.gz',
  import.meta.url,
);

function isBadRequest(e: unknown): boolean {
  return e instanceof StatusError && hasReason(e, 'BadRequest');
}

const podType = kindType('v1', 'Pod')!;
const pod = toTyped(
  {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'a', labels: { é: '1', b: '2' }, generation: -3 },
    spec: { containers: [{ name: 'c', ports: [{ containerPort: 80 }] }], hostNetwork: true },
  },
  podType,
).object as KubeObject;

describe('protobuf', () => {
  it('all recorded kinds, both ways, byte for byte', () => {
    assert.ok(
      existsSync(recorded),
      `missing ${recorded.pathname}: the shared facts must lie beside the checkout`,
    );
    const pairs = JSON.parse(gunzipSync(readFileSync(recorded)).toString()) as Record<
      string,
      { json: KubeObject; pb: string }
    >;
    assert.ok(Object.keys(pairs).length > 80);
    for (const [name, { json, pb }] of Object.entries(pairs)) {
      const bytes = Buffer.from(pb, 'base64');
      const type = kindType(json.apiVersion ?? 'v1', json.kind ?? 'WatchEvent')!;
      assert.equal(Buffer.from(encodeProtobuf(json, type)).toString('base64'), pb, name);
      const { raw, apiVersion, kind } = readEnvelope(bytes);
      assert.deepEqual(decodeRaw(raw, type, apiVersion, kind), json, name);
    }
  });

  it('has an envelope that names the type', () => {
    const bytes = encodeProtobuf(pod, podType);
    assert.equal(
      bytes.subarray(0, 16).toString('latin1'),
      'k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12',
    );
    assert.deepEqual(decodeProtobuf(bytes), { apiVersion: 'v1', kind: 'Pod', object: pod });
  });

  it('reads options named with the version of any group', () => {
    const type = kindType('v1', 'DeleteOptions')!;
    const options = {
      kind: 'DeleteOptions',
      apiVersion: 'apps/v1',
      propagationPolicy: 'Orphan',
    };
    const { object } = decodeProtobuf(encodeProtobuf(options as KubeObject, type));
    assert.deepEqual(object, options);
  });

  it('round-trips messages without envelope', () => {
    const type = structType('core/v1.PodSpec');
    const spec = (pod as { spec?: object }).spec!;
    assert.deepEqual(decodeMessage(encodeMessage(spec, type), type), spec);
  });

  it('keeps 64 bit integers', () => {
    const type = structType('meta/v1.ObjectMeta');
    for (const generation of [
      2 ** 53 - 1,
      -(2 ** 53) + 1,
      2 ** 32,
      -1,
      2n ** 63n - 1n,
      -(2n ** 63n),
    ]) {
      assert.deepEqual(decodeMessage(encodeMessage({ generation }, type), type), { generation });
    }
  });

  it('frames watch events', () => {
    const frame = encodeWatchFrame('ADDED', pod, podType);
    assert.equal(frame.readUInt32BE(0), frame.length - 4);
    const event = decodeMessage(frame.subarray(4, 11), structType('meta/v1.WatchEvent'));
    assert.equal(event['type'], 'ADDED');
    assert.ok(frame.includes(encodeProtobuf(pod, podType)));
  });

  it('passes over unknown fields', () => {
    const type = structType('core/v1.LocalObjectReference');
    const unknown = [0xf8, 0x07, 0x05, 0xfa, 0x07, 0x02, 1, 2, 0xfd, 0x07, 1, 2, 3, 4, 0xf9, 0x07];
    const group = [0xfb, 0x07, 0x08, 0x01, 0xfc, 0x07];
    const bytes = Uint8Array.from([...unknown, 0, 0, 0, 0, 0, 0, 0, 0, ...group, 0x0a, 1, 0x61]);
    assert.deepEqual(decodeMessage(bytes, type), { name: 'a' });
  });

  const hostile: [title: string, bytes: Buffer, message: RegExp][] = [
    ['nothing', Buffer.alloc(0), /^empty data$/],
    ['no magic', Buffer.from('{}'), /expected prefix \[107 56 115 0\]$/],
    ['magic alone', Buffer.from('k8s\0'), /^empty body$/],
    ['no type', Buffer.from('k8s\0\x12\x00', 'latin1'), /^no kind ""/],
    ['length beyond the end', Buffer.from('k8s\0\x0a\x7f', 'latin1'), /^unexpected EOF$/],
    [
      'negative length',
      Buffer.from('k8s\0\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01', 'latin1'),
      /^proto: negative length/,
    ],
    [
      'endless varint',
      Buffer.from(`k8s\0\x0a${'\xff'.repeat(12)}`, 'latin1'),
      /^proto: integer overflow$/,
    ],
    ['field number zero', Buffer.from('k8s\0\x00', 'latin1'), /^proto: illegal tag 0/],
    ['end of no group', Buffer.from('k8s\0\x0c', 'latin1'), /^proto: unexpected end of group$/],
    ['bad wire type', Buffer.from('k8s\0\x0f', 'latin1'), /^proto: illegal wireType 7$/],
  ];
  for (const [title, bytes, message] of hostile) {
    it(`refuses ${title}`, () => {
      assert.throws(
        () => decodeProtobuf(bytes),
        (e) => isBadRequest(e) && message.test((e as Error).message),
      );
    });
  }

  it('refuses every truncation and survives every flipped byte', () => {
    const bytes = encodeProtobuf(pod, podType);
    for (let i = 0; i < bytes.length; i++) {
      try {
        decodeProtobuf(bytes.subarray(0, i));
      } catch (e) {
        assert.ok(isBadRequest(e), String(e));
      }
      const flipped = Buffer.from(bytes);
      flipped[i]! ^= 0xff;
      try {
        decodeProtobuf(flipped);
      } catch (e) {
        assert.ok(isBadRequest(e), String(e));
      }
    }
  });

  it('refuses a wrong wire type by name', () => {
    assert.throws(
      () => decodeMessage(Uint8Array.from([0x08, 1]), structType('core/v1.Container')),
      {
        message: 'proto: wrong wireType = 0 for field Name',
      },
    );
  });

  it('refuses deep nesting', () => {
    let message = Buffer.alloc(0);
    const varint = (n: number) => {
      const out: number[] = [];
      for (; n > 0x7f; n >>>= 7) out.push((n & 0x7f) | 0x80);
      return [...out, n];
    };
    // JSONSchemaProps.not is field 28.
    for (let i = 0; i < 2000; i++) {
      message = Buffer.concat([Buffer.from([0xe2, 0x01, ...varint(message.length)]), message]);
    }
    assert.throws(
      () => decodeMessage(message, structType('apiextensions/v1.JSONSchemaProps')),
      /exceeded max depth/,
    );
  });
});
