import { strict as assert } from 'node:assert';
import { hasReason, StatusError } from '../meta/status-error.ts';
import { kindType } from '../schema/schema.ts';
import { normalize, type Typed, toTyped } from './decode.ts';
import { decodeJson, parseJson } from './json.ts';

function typed(apiVersion: string, kind: string, text: string): Typed {
  return toTyped(decodeJson(Buffer.from(text)).value, kindType(apiVersion, kind)!);
}

const kindsOf: Readonly<Record<string, string>> = {
  Pod: 'v1',
  Secret: 'v1',
  ConfigMap: 'v1',
  Service: 'v1',
  Role: 'rbac.authorization.k8s.io/v1',
  Lease: 'coordination.k8s.io/v1',
  Deployment: 'apps/v1',
  Endpoints: 'v1',
  Event: 'v1',
  CustomResourceDefinition: 'apiextensions.k8s.io/v1',
  ControllerRevision: 'apps/v1',
};

const of = (kind: string, text: string) => typed(kindsOf[kind]!, kind, text);

describe('typed decoding: normal form', () => {
  const cases: [title: string, kind: string, body: string, want: string][] = [
    [
      'field order, always-present fields',
      'Pod',
      '{"spec":{"containers":[{"image":"i","name":"c"}]},"apiVersion":"v1","kind":"Pod"}',
      '{"kind":"Pod","apiVersion":"v1","metadata":{},"spec":{"containers":[{"name":"c","image":"i","resources":{}}]},"status":{}}',
    ],
    [
      'nulls and empty values go, pointers to zero stay',
      'Deployment',
      '{"metadata":{"name":null,"labels":{},"creationTimestamp":null,"generation":0},"spec":{"replicas":0,"paused":false,"selector":null}}',
      '{"metadata":{},"spec":{"replicas":0,"selector":null,"template":{"metadata":{},"spec":{"containers":null}},"strategy":{}},"status":{}}',
    ],
    [
      'empty list without omitempty stays as sent',
      'Role',
      '{"rules":[]}',
      '{"metadata":{},"rules":[]}',
    ],
    [
      'map keys sorted, null member is zero',
      'ConfigMap',
      '{"data":{"b":"1","a":null,"__proto__":"x"}}',
      '{"metadata":{},"data":{"__proto__":"x","a":"","b":"1"}}',
    ],
    [
      'quantities',
      'Pod',
      '{"spec":{"containers":[{"resources":{"limits":{"cpu":0.5,"memory":"1024Mi"}}}]}}',
      '{"metadata":{},"spec":{"containers":[{"name":"","resources":{"limits":{"cpu":"500m","memory":"1Gi"}}}]},"status":{}}',
    ],
    [
      'times in UTC seconds',
      'Pod',
      '{"metadata":{"creationTimestamp":"2024-01-02T03:04:05.9+01:00","deletionTimestamp":"0001-01-01T00:00:00Z"}}',
      '{"metadata":{"creationTimestamp":"2024-01-02T02:04:05Z"},"spec":{"containers":null},"status":{}}',
    ],
    [
      'micro times',
      'Lease',
      '{"spec":{"renewTime":"2024-01-02T03:04:05.123456+01:00"}}',
      '{"metadata":{},"spec":{"renewTime":"2024-01-02T02:04:05.123456Z"}}',
    ],
    [
      'zero times without omitempty are null',
      'Event',
      '{"metadata":{}}',
      '{"metadata":{},"involvedObject":{},"source":{},"firstTimestamp":null,"lastTimestamp":null,"eventTime":null,"reportingComponent":"","reportingInstance":""}',
    ],
    [
      'int-or-string',
      'Service',
      '{"spec":{"ports":[{"port":80},{"port":1,"targetPort":"web"}]}}',
      '{"metadata":{},"spec":{"ports":[{"port":80,"targetPort":0},{"port":1,"targetPort":"web"}]},"status":{"loadBalancer":{}}}',
    ],
    [
      'base64 without line breaks',
      'Secret',
      '{"data":{"a":"YW\\nJj","b":null,"c":""}}',
      '{"metadata":{},"data":{"a":"YWJj","b":null,"c":""}}',
    ],
    [
      'lists of small numbers are bytes',
      'ConfigMap',
      '{"binaryData":{"a":[1,null,255],"b":[]}}',
      '{"metadata":{},"binaryData":{"a":"AQD/","b":""}}',
    ],
    [
      'embedded objects stay as they are',
      'ControllerRevision',
      '{"data":{"b":null,"a":[]},"revision":1}',
      '{"metadata":{},"data":{"b":null,"a":[]},"revision":1}',
    ],
    [
      'schema unions',
      'CustomResourceDefinition',
      '{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"additionalProperties":false,"items":{"bogus":1,"type":"string"},"default":null,"enum":[null,1]}}}]}}',
      '{"metadata":{},"spec":{"group":"","names":{"plural":"","kind":""},"scope":"","versions":[{"name":"v1","served":false,"storage":false,"schema":{"openAPIV3Schema":{"enum":[null,1],"items":{"type":"string"},"additionalProperties":false}}}]},"status":{"conditions":null,"acceptedNames":{"plural":"","kind":""},"storedVersions":null}}',
    ],
  ];
  for (const [title, kind, body, want] of cases) {
    it(title, () => {
      const { object, strictErrors } = of(kind, body);
      assert.equal(JSON.stringify(object), want);
      assert.deepEqual(strictErrors, []);
      assert.equal(normalize(object, kindType(kindsOf[kind]!, kind)!), object);
    });
  }

  it('normalize drops what is unknown and puts fields in order', () => {
    const pod = { spec: { containers: [] as object[], bogus: 1 }, kind: 'Pod' };
    assert.equal(
      JSON.stringify(normalize(pod, kindType('v1', 'Pod')!)),
      '{"kind":"Pod","metadata":{},"spec":{"containers":null},"status":{}}',
    );
  });

  it('keeps 64 bit integers', () => {
    const { object } = of('Pod', '{"metadata":{"generation":9223372036854775807}}');
    assert.match(JSON.stringify(object), /"generation":9223372036854775807/);
  });
});

describe('typed decoding: errors', () => {
  const cases: [kind: string, body: string, message: string][] = [
    ['Pod', '"x"', 'json: cannot unmarshal string into Go value of type v1.Pod'],
    [
      'Pod',
      '{"metadata":{"labels":["x"]}}',
      'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string',
    ],
    [
      'Pod',
      '{"metadata":{"annotations":{"a":true}}}',
      'json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.annotations of type string',
    ],
    [
      'Deployment',
      '{"spec":"x"}',
      'json: cannot unmarshal string into Go struct field Deployment.spec of type v1.DeploymentSpec',
    ],
    [
      'Pod',
      '{"spec":{"containers":{"name":"x"}}}',
      'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
    [
      'Pod',
      '{"spec":{"containers":[{"ports":[{"containerPort":80.5}]}]}}',
      'json: cannot unmarshal number 80.5 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
    ],
    [
      'Pod',
      '{"spec":{"containers":[{"env":[{"value":5}]}]}}',
      'json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string',
    ],
    [
      'Pod',
      '{"spec":{"volumes":[{"emptyDir":[]}]}}',
      'json: cannot unmarshal array into Go struct field Volume.spec.volumes.VolumeSource.emptyDir of type v1.EmptyDirVolumeSource',
    ],
    [
      'Pod',
      '{"spec":{"containers":[{"resources":{"limits":[]}}]}}',
      'json: cannot unmarshal array into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList',
    ],
    [
      'Service',
      '{"spec":{"type":1}}',
      'json: cannot unmarshal number into Go struct field ServiceSpec.spec.type of type v1.ServiceType',
    ],
    [
      'Deployment',
      '{"spec":{"replicas":99999999999}}',
      'json: cannot unmarshal number 99999999999 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'Pod',
      '{"metadata":{"creationTimestamp":5}}',
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
    ],
    [
      'Pod',
      '{"metadata":{"name":5},"spec":{"containers":[{"resources":{"limits":{"cpu":"abc"}}}]}}',
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    [
      'Deployment',
      '{"spec":{"template":1.5}}',
      'json: cannot unmarshal number into Go struct field DeploymentSpec.spec.template of type v1.PodTemplateSpec',
    ],
    [
      'Service',
      '{"spec":{"selector":1e3}}',
      'json: cannot unmarshal number into Go struct field ServiceSpec.spec.selector of type map[string]string',
    ],
    [
      'ConfigMap',
      '{"binaryData":{"a":["x"]}}',
      'json: cannot unmarshal string into Go struct field ConfigMap.binaryData of type uint8',
    ],
    [
      'ConfigMap',
      '{"binaryData":{"a":[256]}}',
      'json: cannot unmarshal number 256 into Go struct field ConfigMap.binaryData of type uint8',
    ],
    ['ConfigMap', '{"binaryData":{"a":"!!!"}}', 'illegal base64 data at input byte 0'],
    ['Secret', '{"data":{"a":"e30"}}', 'illegal base64 data at input byte 0'],
    ['Secret', '{"data":{"a":"e30=x"}}', 'illegal base64 data at input byte 4'],
    [
      'Lease',
      '{"spec":{"renewTime":"2024-01-01T00:00:00Z"}}',
      'parsing time "2024-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
    ],
    [
      'Lease',
      '{"spec":{"renewTime":"2024-01-01T00:00:00.123456789Z"}}',
      'parsing time "2024-01-01T00:00:00.123456789Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "789Z" as "Z07:00"',
    ],
    [
      'Pod',
      '{"metadata":{"creationTimestamp":"2024-02-30T00:00:00Z"}}',
      'parsing time "2024-02-30T00:00:00Z": day out of range',
    ],
    [
      'CustomResourceDefinition',
      '{"spec":{"versions":[{"schema":{"openAPIV3Schema":{"additionalProperties":1}}}]}}',
      'boolean or JSON schema expected',
    ],
  ];
  for (const [kind, body, message] of cases) {
    it(message, () => {
      assert.throws(
        () => of(kind, body),
        (e) => e instanceof StatusError && hasReason(e, 'BadRequest') && e.message === message,
      );
    });
  }

  it('does not overflow on nested schemas', () => {
    const depth = 4000;
    const body = `{"spec":{"versions":[{"schema":{"openAPIV3Schema":${'{"not":'.repeat(depth)}{}${'}'.repeat(depth)}}}]}}`;
    assert.throws(() => of('CustomResourceDefinition', body), /exceeded max depth/);
  });
});

describe('typed decoding: strict errors', () => {
  it('lists unknown fields in document order with their paths', () => {
    const { strictErrors } = of(
      'Deployment',
      '{"metadata":{"bogusMeta":1},"spec":{"Replicas":1,"template":{"spec":{"containers":[{},{"x\\"y":{"z":1}}]}}},"bogus":1}',
    );
    assert.deepEqual(strictErrors, [
      'unknown field "metadata.bogusMeta"',
      'unknown field "spec.Replicas"',
      'unknown field "spec.template.spec.containers[1].x\\"y"',
      'unknown field "bogus"',
    ]);
  });

  it('stops at a hundred', () => {
    const many = Array.from({ length: 150 }, (_, i) => `"u${i}x":1`).join(',');
    assert.equal(of('Pod', `{${many}}`).strictErrors.length, 100);
  });
});

describe('decodeJson', () => {
  const errors: [text: string, message: string][] = [
    ['', 'unexpected end of JSON input'],
    ['{"a":', 'unexpected end of JSON input'],
    ['{a}', "invalid character 'a' looking for beginning of object key string"],
    ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
    ['{"a":1 x', "invalid character 'x' after object key:value pair"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['[1 2]', "invalid character '2' after array element"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['01', "invalid character '1' after top-level value"],
    ['-a', "invalid character 'a' in numeric literal"],
    ['1.a', "invalid character 'a' after decimal point in numeric literal"],
    ['1ea', "invalid character 'a' in exponent of numeric literal"],
    ["'a'", "invalid character '\\'' looking for beginning of value"],
    ['é', "invalid character 'Ã' looking for beginning of value"],
    ['['.repeat(10001), 'exceeded max depth'],
  ];
  for (const [text, message] of errors) {
    it(message, () => assert.throws(() => decodeJson(Buffer.from(text)), { message }));
  }

  it('finds duplicates with their paths, the last wins', () => {
    const { value, duplicates } = decodeJson(
      Buffer.from('{"a":1,"b":[{"c":1,"c":2,"c":3}],"a":{"d":":,{"}}'),
    );
    assert.deepEqual(value, { a: { d: ':,{' }, b: [{ c: 3 }] });
    assert.deepEqual(duplicates, ['b[0].c', 'a']);
  });

  it('reads what the fast path would change', () => {
    const { value } = decodeJson(Buffer.from('[9007199254740993,1.0,1e2,-0,"\\ud800"]'));
    assert.deepEqual(value, [9007199254740993n, 1, 100, 0, '\ufffd']);
    assert.equal(JSON.stringify(value), '[9007199254740993,1,100,0,"\ufffd"]');
  });

  it('reads nesting up to the limit', () => {
    assert.ok(decodeJson(Buffer.from('['.repeat(9999) + ']'.repeat(9999))).value);
  });

  it('keeps the spelling when asked', () => {
    const { value, spelled } = parseJson(Buffer.from('[1.0]'), true);
    assert.equal(spelled, true);
    assert.deepEqual((value as { source: string }[])[0]!.source, '1.0');
  });
});
