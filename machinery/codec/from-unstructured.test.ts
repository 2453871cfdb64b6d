/** What a patched document becomes, and the words for what it cannot become. */
import assert from 'node:assert/strict';
import { structType } from '../schema/schema.ts';
import { DecodeError } from './decode-context.ts';
import { fromUnstructured } from './from-unstructured.ts';

const deployment = structType('apps/v1.Deployment');
const pod = structType('core/v1.Pod');
const secret = structType('core/v1.Secret');

describe('fromUnstructured', () => {
  const refused: readonly [string, typeof pod, object, string][] = [
    ['a list is a map', pod, { spec: { containers: {} } }, 'cannot restore slice from map'],
    ['a list is a text', pod, { spec: { containers: 'x' } }, 'cannot restore slice from string'],
    ['a map is a list', pod, { metadata: { labels: [] } }, 'cannot restore map from slice'],
    ['a struct is a number', pod, { spec: 1 }, 'cannot restore struct from: int64'],
    ['a struct is a fraction', pod, { spec: 1.5 }, 'cannot restore struct from: float64'],
    ['a struct is a list', pod, { metadata: [] }, 'cannot restore struct from: slice'],
    [
      'an item is a bool',
      pod,
      { spec: { containers: [true] } },
      'cannot restore struct from: bool',
    ],
    ['int32 of a text', deployment, { spec: { replicas: '1' } }, 'unrecognized type: int32'],
    ['int32 of a bool', deployment, { spec: { replicas: true } }, 'unrecognized type: int32'],
    ['int32 of a map', deployment, { spec: { replicas: {} } }, 'unrecognized type: int32'],
    ['int32 of a part', deployment, { spec: { replicas: 1.5 } }, 'cannot convert float64 to int32'],
    ['bool of a number', deployment, { spec: { paused: 1 } }, 'unrecognized type: bool'],
    ['text of a number', pod, { spec: { nodeName: 1 } }, 'cannot convert int64 to string'],
    ['text of a fraction', pod, { spec: { nodeName: 1.5 } }, 'unrecognized type: string'],
    ['text of a list', pod, { spec: { nodeName: [] } }, 'unrecognized type: string'],
    [
      'a named text of a number',
      pod,
      { spec: { restartPolicy: 1 } },
      'cannot convert int64 to v1.RestartPolicy',
    ],
    [
      'a label of a number',
      pod,
      { metadata: { labels: { a: 1 } } },
      'cannot convert int64 to string',
    ],
    ['bytes of a map', secret, { data: { a: {} } }, 'cannot restore slice from map'],
    [
      'bytes of what is no base64',
      secret,
      { data: { a: '=' } },
      'error decoding from json: illegal base64 data at input byte 0',
    ],
    [
      'a time of a number',
      pod,
      { metadata: { deletionTimestamp: 1 } },
      'json: cannot unmarshal number into Go value of type string',
    ],
    [
      'a quantity that is none',
      pod,
      { spec: { overhead: { cpu: 'x' } } },
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    ['the kind', pod, { kind: 1 }, 'cannot convert int64 to string'],
    [
      'the first in the order of the type',
      deployment,
      { spec: { paused: 1, replicas: 'x' } },
      'unrecognized type: int32',
    ],
  ];
  for (const [name, type, document, message] of refused) {
    it(`refuses: ${name}`, () => {
      assert.throws(() => fromUnstructured(document, type), new DecodeError(message));
    });
  }

  const taken: readonly [string, object, object][] = [
    ['whole numbers written as fractions', { replicas: 2 }, { replicas: 2 }],
    ['numbers beyond 32 bits wrap around', { replicas: 2 ** 32 + 5 }, { replicas: 5 }],
    ['and become negative', { replicas: 3_000_000_000 }, { replicas: 3_000_000_000 - 2 ** 32 }],
    ['numbers beyond 64 bits', { replicas: 1e300 }, { replicas: 0 }],
    ['null is unset', { replicas: null, paused: null, selector: null }, {}],
  ];
  for (const [name, spec, expected] of taken) {
    it(`takes: ${name}`, () => {
      const { object } = fromUnstructured({ spec }, deployment);
      const { replicas, paused } = object['spec'] as { replicas?: number; paused?: boolean };
      assert.deepEqual(
        { replicas, paused },
        { replicas: undefined, paused: undefined, ...expected },
      );
    });
  }

  it('names unknown fields in the order of their texts, without the keys of maps', () => {
    const container = { name: 'c', zz: 1, aa: 2 };
    const document = { zzz: 1, spec: { containers: [{ name: 'b' }, container], bogus: {} } };
    assert.deepEqual(fromUnstructured(document, pod).strictErrors, [
      'unknown field "spec.bogus"',
      'unknown field "spec.containers[1].aa"',
      'unknown field "spec.containers[1].zz"',
      'unknown field "zzz"',
    ]);
  });
});
