import assert from 'node:assert/strict';
import { StatusError } from '../../machinery/meta/status-error.ts';
import { type AnswerKind, checkStreams, negotiate } from './output-form.ts';

const table = ';as=Table;v=v1;g=meta.k8s.io';
const partial = ';as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
const protobuf = 'application/vnd.kubernetes.protobuf';

/** `encoding as [version]`, or the message of the refusal. */
function asked(accept: string, kind: AnswerKind = 'one'): string {
  try {
    const form = negotiate(accept, kind);
    return `${form.encoding} ${form.as} ${form.metaVersion}`;
  } catch (e) {
    assert(e instanceof StatusError);
    assert.equal(e.code, 406);
    return e.message;
  }
}

const told = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
const streams = 'application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch';

describe('the form of an answer', () => {
  const cases: [accept: string, kind: AnswerKind, expected: string][] = [
    ['', 'one', 'json object v1'],
    ['*/*', 'one', 'json object v1'],
    ['application/yaml', 'one', 'yaml object v1'],
    ['application/yaml;q=0.1, application/json;q=0.9', 'one', 'json object v1'],
    [`${protobuf}, */*`, 'list', 'protobuf object v1'],
    ['application/cbor, application/json', 'one', 'cbor object v1'],
    ['application/cbor-seq', 'watch', 'cbor object v1'],
    ['application/cbor', 'watch', 'cbor object v1'],
    [`application/json${table}, application/json`, 'list', 'json Table v1'],
    [`application/yaml${table}`, 'one', 'yaml Table v1'],
    // Tables have no protobuf.
    [`${protobuf}${table}, application/json`, 'one', 'json object v1'],
    [`${protobuf}${partial}`, 'list', 'protobuf PartialObjectMetadata v1'],
    [`application/cbor${partial}`, 'list', 'cbor PartialObjectMetadata v1'],
    [`*/*${table}`, 'one', 'json Table v1'],
    ['application/json;as=Table;v=v1beta1;g=meta.k8s.io', 'one', 'json Table v1beta1'],
    ['application/json;v=v1, application/yaml', 'one', 'yaml object v1'],
    ['application/json;as=Pod;v=v1;g=meta.k8s.io, application/yaml', 'one', 'yaml object v1'],
    ['application/json;stream=watch', 'one', 'json object v1'],
    ['application/yaml;stream=watch, application/json', 'one', 'json object v1'],
    // The first that is taken decides; that it has no streams is found later.
    ['application/yaml, application/json', 'watch', 'yaml object v1'],
    [`application/json${table}`, 'status', `only the following media types are accepted: ${told}`],
    [`application/json${table}, application/yaml`, 'status', 'yaml object v1'],
    ['text/html', 'one', `406: Not Acceptable\n\nAvailable representations: ${told}`],
    ['text/html', 'list', `406: Not Acceptable\n\nAvailable representations: ${told}, ${streams}`],
    ['text/html', 'watch', `406: Not Acceptable\n\nAvailable representations: ${told}, ${streams}`],
    [
      'application/json;as=Pod;v=v1;g=meta.k8s.io',
      'one',
      `only the following media types are accepted: ${told}`,
    ],
  ];
  for (const [accept, kind, expected] of cases) {
    it(`${kind}: ${accept || 'nothing'}`, () => assert.equal(asked(accept, kind), expected));
  }

  it('Content-Types of watches', () => {
    const type = (accept: string) => negotiate(accept, 'watch').streamType;
    assert.equal(type('application/json;stream=watch'), 'application/json');
    assert.equal(type(protobuf), `${protobuf};stream=watch`);
    assert.equal(type('application/cbor'), 'application/cbor-seq');
  });

  it('a form without streams', () => {
    const message = `only the following media types are accepted: ${streams}`;
    assert.throws(() => checkStreams(negotiate('application/yaml', 'watch')), { message });
    checkStreams(negotiate('application/json', 'watch'));
  });

  it('indented by parameter', () => {
    assert.equal(negotiate('application/json;pretty=1').pretty, true);
    assert.equal(negotiate('application/json;pretty=0').pretty, false);
  });
});
