import { strict as assert } from 'node:assert';
import { hasReason, StatusError } from '../meta/status-error.ts';
import { kindType } from '../schema/schema.ts';
import type { KubeObject } from '../schema/wire.ts';
import { type BodyEncoding, decodeBody, strictErrorText } from './body.ts';
import { encodeCbor } from './cbor.ts';
import { encodeProtobuf } from './protobuf.ts';

const configMap = { group: '', version: 'v1', kind: 'ConfigMap' };
const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' };

function decode(text: string, expected = configMap, encoding: BodyEncoding = 'json') {
  return decodeBody(Buffer.from(text), encoding, expected, true);
}

describe('decodeBody', () => {
  const errors: [
    text: string,
    expected: typeof configMap,
    message: string,
    encoding?: BodyEncoding,
  ][] = [
    [
      '{"a":',
      configMap,
      `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({"a":)`,
    ],
    [
      '',
      configMap,
      `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`,
    ],
    [
      '[]',
      configMap,
      `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)`,
    ],
    [
      '{"kind":5}',
      configMap,
      `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string ({"kind":5})`,
    ],
    [
      '{"apiVersion":"a/b/c"}',
      configMap,
      'the object provided is unrecognized (must be of type ConfigMap): unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c"})',
    ],
    [
      '{"apiVersion":"v1","kind":"Zzz"}',
      configMap,
      'Zzz in version "v1" cannot be handled as a ConfigMap: no kind "Zzz" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      '{"apiVersion":"v9","kind":"ConfigMap"}',
      configMap,
      'ConfigMap in version "v9" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v9" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      '{"apiVersion":"v1","kind":"Pod"}',
      { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'Role' },
      'Pod in version "v1" cannot be handled as a Role: converting (v1.Pod) to (rbac.Role): unknown conversion',
    ],
    [
      '{"apiVersion":"v1","kind":"Pod","spec":[]}',
      configMap,
      'Pod in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec',
    ],
    [
      '{"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler"}',
      { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler' },
      'the API version in the data (autoscaling/v1) does not match the expected API version (autoscaling/v2)',
    ],
    [
      '{"spec":{"replicas":1.0}}',
      deployment,
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal number 1.0 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      '{"spec":{"replicas":1e1}}',
      deployment,
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal number 1e1 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'data: {k: 1}',
      configMap,
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
      'yaml',
    ],
    [
      '{"apiVersion":"extensions/v1beta1","kind":"Deployment"}',
      configMap,
      'Deployment in version "v1beta1" cannot be handled as a ConfigMap: converting (v1beta1.Deployment) to (core.ConfigMap): unknown conversion',
    ],
    [
      '{"apiVersion":"apps/v1beta2","kind":"Deployment","spec":{"replicas":1}}',
      { group: 'apps', version: 'v1', kind: 'Deployment' },
      'the API version in the data (apps/v1beta2) does not match the expected API version (apps/v1)',
    ],
    [
      '{"apiVersion":"v1","kind":"Pod"}',
      { group: 'apiregistration.k8s.io', version: 'v1', kind: 'APIService' },
      'Pod in version "v1" cannot be handled as a APIService: no kind "Pod" is registered for version "v1" in scheme "k8s.io/kube-aggregator/pkg/apiserver/scheme/scheme.go:28"',
    ],
    [
      '{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition"}',
      configMap,
      'CustomResourceDefinition in version "v1" cannot be handled as a ConfigMap: no kind "CustomResourceDefinition" is registered for version "apiextensions.k8s.io/v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      'a: b: c',
      configMap,
      'the object provided is unrecognized (must be of type ConfigMap): yaml: mapping values are not allowed in this context (613a20623a2063)',
      'yaml',
    ],
    [
      '{}',
      configMap,
      'the object provided is unrecognized (must be of type ConfigMap): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})',
      'protobuf',
    ],
  ];
  for (const [text, expected, message, encoding] of errors) {
    it(message.slice(0, 120), () => {
      assert.throws(
        () => decode(text, expected, encoding),
        (e) => {
          assert.ok(e instanceof StatusError && hasReason(e, 'BadRequest'));
          assert.equal(e.message, message);
          return true;
        },
      );
    });
  }

  it('takes a body without kind, and says so', () => {
    assert.deepEqual(decode('{"data":{"a":"b"}}').object, { metadata: {}, data: { a: 'b' } });
    assert.equal(decode('{"apiVersion":"v1"}').named, false);
    assert.equal(decode('{"apiVersion":"v1","kind":"ConfigMap"}').named, true);
    assert.deepEqual(decode('null').object, { metadata: {} });
  });

  it('lists strict errors in order, repeated fields among them', () => {
    const body = decode(
      '{"kind":"X","bogus":{"a":1,"a":2},"kind":"ConfigMap","data":{"k":"1","k":"2"},"metadata":{"ownerReferences":[{"name":"a","uid":"b","name":"c"}],"x":1},"bogus":2}',
    );
    assert.deepEqual(body.strictErrors, [
      'unknown field "bogus"',
      'duplicate field "kind"',
      'duplicate field "data.k"',
      'duplicate field "metadata.ownerReferences[0].name"',
      'unknown field "metadata.x"',
    ]);
    assert.equal((body.object['data'] as { k: string }).k, '2');
    assert.match(
      strictErrorText(body, configMap),
      /^ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "bogus", dup/,
    );
    assert.deepEqual(
      decodeBody(Buffer.from('{"x":1,"x":2}'), 'json', configMap, false).strictErrors,
      [],
    );
  });

  it('keeps embedded numbers plain', () => {
    const revision = { group: 'apps', version: 'v1', kind: 'ControllerRevision' };
    assert.deepEqual(
      decode('{"data":{"a":[1.0,{"b":1e3}]},"revision":1}', revision).object['data'],
      {
        a: [1, { b: 1000 }],
      },
    );
  });

  it('reads protobuf', () => {
    const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' } };
    const bytes = encodeProtobuf(object as KubeObject, kindType('v1', 'ConfigMap')!);
    assert.deepEqual(decodeBody(bytes, 'protobuf', configMap, true).object, object);
  });

  it('reads CBOR', () => {
    const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, x: 1 };
    const body = decodeBody(encodeCbor(object), 'cbor', configMap, true);
    assert.deepEqual(body.strictErrors, ['unknown field "x"']);
    assert.deepEqual(body.object['metadata'], { name: 'a' });
  });

  it('takes delete options of any group', () => {
    const options = { group: '', version: 'v1', kind: 'DeleteOptions' };
    const { object } = decode(
      '{"apiVersion":"policy/v1","kind":"DeleteOptions","gracePeriodSeconds":0}',
      options,
    );
    assert.equal(object['gracePeriodSeconds'], 0);
  });

  it('takes a kind in group versions that have it in the same form', () => {
    const text = '{"apiVersion":"policy/v1beta1","kind":"Eviction","metadata":{"name":"a"}}';
    const eviction = { group: 'policy', version: 'v1', kind: 'Eviction' };
    const aliases = ['policy/v1beta1'];
    const body = decodeBody(Buffer.from(text), 'json', { ...eviction, aliases }, true);
    assert.deepEqual(body.object['metadata'], { name: 'a' });
    assert.throws(
      () => decodeBody(Buffer.from(text), 'json', eviction, true),
      /does not match the expected API version/,
    );
  });
});
