import assert from 'node:assert/strict';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import { patched } from './patching.ts';

const configMap = {
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name: 'a', namespace: 'n' },
  data: { a: '1' },
} as KubeObject;
const kind = { apiVersion: 'v1', kind: 'ConfigMap' };

function run(patch: unknown, object: KubeObject | undefined = configMap, type = 'JSONPatch') {
  const text = typeof patch === 'string' ? patch : JSON.stringify(patch);
  const verdict = {
    allowed: true,
    result: undefined,
    patch: text,
    patchType: type,
    auditAnnotations: {},
    warnings: [],
  };
  return patched('w', verdict, object, kind);
}

describe('patches of webhooks', () => {
  it('are applied to a copy', () => {
    const before = structuredClone(configMap);
    const after = run([{ op: 'add', path: '/data/b', value: '2' }])!;
    assert.deepEqual(after.object, { ...configMap, data: { a: '1', b: '2' } });
    assert.equal(after.changed, true);
    assert.deepEqual(configMap, before);
  });

  it('may change nothing', () => {
    assert.equal(run('[]'), undefined);
    assert.equal(run(''), undefined);
    assert.equal(run([{ op: 'replace', path: '/data/a', value: '1' }])!.changed, false);
    // What nobody knows is left out.
    assert.equal(run([{ op: 'add', path: '/nosuch', value: 5 }])!.changed, false);
  });

  it('leave the object its kind, and set defaults', () => {
    const { object } = run([
      { op: 'remove', path: '/kind' },
      { op: 'remove', path: '/apiVersion' },
    ])!;
    assert.deepEqual(Object.keys(object).slice(0, 2), ['kind', 'apiVersion']);
    assert.equal(object.kind, 'ConfigMap');
    const service = { kind: 'Service', apiVersion: 'v1', metadata: {}, spec: {} } as KubeObject;
    const ports = [{ op: 'add', path: '/spec/ports', value: [{ port: 80 }] }];
    const verdict = {
      allowed: true,
      result: undefined,
      patch: JSON.stringify(ports),
      patchType: 'JSONPatch',
      auditAnnotations: {},
      warnings: [],
    };
    const next = patched('w', verdict, service, { apiVersion: 'v1', kind: 'Service' })!;
    assert.deepEqual((next.object as { spec?: { ports?: unknown } }).spec?.ports, [
      { protocol: 'TCP', port: 80, targetPort: 80 },
    ]);
  });

  const internal = 'Internal error occurred: ';
  const failing = 'failed calling webhook "w": ';
  const undecodable = `${failing}received undecodable patch in webhook response: `;
  const refusals: [string, unknown, string][] = [
    [
      'is no JSON',
      '{nope',
      `${undecodable}invalid character 'n' looking for beginning of object key string`,
    ],
    [
      'is no list',
      { a: 1 },
      `${undecodable}json: cannot unmarshal object into Go value of type jsonpatch.Patch`,
    ],
    [
      'leads nowhere',
      [{ op: 'remove', path: '/nothing/there' }],
      `${internal}remove operation does not apply: doc is missing path: "/nothing/there": missing value`,
    ],
    [
      'tests in vain',
      [{ op: 'test', path: '/data/a', value: '9' }],
      `${internal}testing value /data/a failed: test failed`,
    ],
    ['does what nobody knows', [{ op: 'do', path: '/data' }], `${internal}Unexpected kind: do`],
    [
      'does not fit the type',
      [{ op: 'add', path: '/data/n', value: 5 }],
      `${internal}json: cannot unmarshal number into Go struct field ConfigMap.data of type string`,
    ],
    [
      'makes an unknown kind',
      [{ op: 'replace', path: '/kind', value: 'Nope' }],
      `${internal}no kind "Nope" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"`,
    ],
    [
      'makes another kind',
      [{ op: 'replace', path: '/kind', value: 'Secret' }],
      `${internal}illegal base64 data at input byte 0`,
    ],
  ];
  for (const [name, patch, message] of refusals) {
    it(`is refused when it ${name}`, () => assert.throws(() => run(patch), { message }));
  }

  it('need an object', () => {
    const message =
      'Internal error occurred: admission webhook "w" attempted to modify the object, which is not supported for this operation';
    const verdict = {
      allowed: true,
      result: undefined,
      patch: '[{"op":"remove","path":"/a"}]',
      patchType: 'JSONPatch',
      auditAnnotations: {},
      warnings: [],
    };
    assert.throws(() => patched('w', verdict, undefined, kind), { message });
    assert.throws(() => run([{ op: 'remove', path: '/data' }], configMap, 'MergePatch'), {
      message: 'failed calling webhook "w": unsupported patch type "MergePatch"',
    });
  });
});
