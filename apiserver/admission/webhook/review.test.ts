import assert from 'node:assert/strict';
import { readReview, verdictOf } from './review.ts';

const v1 = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };
const v1beta1 = { ...v1, apiVersion: 'admission.k8s.io/v1beta1' };
const base64 = (text: string) => Buffer.from(text).toString('base64');
const patch = base64('[{"op":"remove","path":"/data"}]');

function problemOf(
  body: unknown,
  version: 'v1' | 'v1beta1' = 'v1',
  mutating = true,
): string | undefined {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  try {
    verdictOf(readReview(Buffer.from(text), version), version, 'u', mutating);
    return undefined;
  } catch (e) {
    return (e as Error).message;
  }
}

describe('answers of webhooks', () => {
  const scheme = 'in scheme "k8s.io/apiserver/pkg/util/webhook/client.go:71"';
  const findKind =
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
  const cases: [string, unknown, string | undefined][] = [
    ['are taken', { ...v1, response: { uid: 'u', allowed: true } }, undefined],
    [
      'may be YAML',
      `${Object.entries(v1)
        .map(([k, v]) => `${k}: ${v}\n`)
        .join('')}response: {uid: u}`,
      undefined,
    ],
    ['need a response', v1, 'webhook response was absent'],
    ['may be null', 'null', 'webhook response was absent'],
    [
      'are about the request',
      { ...v1, response: { uid: 'x' } },
      'expected response.uid="u", got "x"',
    ],
    ['name the request', { ...v1, response: {} }, 'expected response.uid="u", got ""'],
    [
      'have a kind',
      { response: { uid: 'u' } },
      'expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=',
    ],
    [
      'have a version',
      { kind: 'AdmissionReview', response: { uid: 'u' } },
      'expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=AdmissionReview',
    ],
    [
      'have the version of the question',
      { ...v1beta1, response: { uid: 'u' } },
      'converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion',
    ],
    [
      'have a version that is known',
      { ...v1, apiVersion: 'admission.k8s.io/v2' },
      `no kind "AdmissionReview" is registered for version "admission.k8s.io/v2" ${scheme}`,
    ],
    [
      'have a kind that is known',
      { ...v1, kind: 'Other' },
      `no kind "Other" is registered for version "admission.k8s.io/v1" ${scheme}`,
    ],
    [
      'are no Status',
      { apiVersion: 'v1', kind: 'Status', status: 'Failure' },
      'converting (v1.Status) to (v1.AdmissionReview): unknown conversion',
    ],
    [
      'are objects',
      'hello',
      `couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type ${findKind}`,
    ],
    [
      'have fields of the right types',
      { ...v1, response: { uid: 'u', allowed: 'yes' } },
      'json: cannot unmarshal string into Go struct field AdmissionResponse.response.allowed of type bool',
    ],
    [
      'have patches in base64',
      { ...v1, response: { uid: 'u', patchType: 'JSONPatch', patch: '###' } },
      'illegal base64 data at input byte 0',
    ],
    [
      'say what a patch is',
      { ...v1, response: { uid: 'u', patch } },
      'webhook returned response.patch but not response.patchType',
    ],
    [
      'have a patch with its type',
      { ...v1, response: { uid: 'u', patchType: 'JSONPatch' } },
      'webhook returned response.patchType but not response.patch',
    ],
    [
      'have a type that is not empty',
      { ...v1, response: { uid: 'u', patchType: '', patch } },
      'webhook returned invalid response.patchType of ""',
    ],
  ];
  for (const [name, body, expected] of cases) {
    it(name, () => assert.equal(problemOf(body), expected));
  }

  it('change nothing when they only validate', () => {
    const response = { uid: 'u', patch, patchType: 'JSONPatch' };
    const why = 'validating webhook may not return response.patch';
    assert.equal(problemOf({ ...v1, response }, 'v1', false), why);
    const { patch: _patch, ...typed } = response;
    assert.equal(problemOf({ ...v1, response: typed }, 'v1', false), `${why}Type`);
  });

  it('of the older version are hardly looked at', () => {
    const read = readReview(Buffer.from(JSON.stringify({ response: { patch } })), 'v1beta1');
    const verdict = verdictOf(read, 'v1beta1', 'u', true);
    assert.deepEqual(
      [verdict.allowed, verdict.patchType, JSON.parse(verdict.patch)],
      [false, 'JSONPatch', [{ op: 'remove', path: '/data' }]],
    );
    assert.equal(problemOf({ ...v1beta1, response: { patchType: 'x' } }, 'v1beta1'), undefined);
    assert.equal(
      problemOf({ ...v1, response: {} }, 'v1beta1'),
      'converting (v1.AdmissionReview) to (v1beta1.AdmissionReview): unknown conversion',
    );
  });
});
