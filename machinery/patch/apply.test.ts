import assert from 'node:assert/strict';
import fc from 'fast-check';
import { deepCopy } from '../meta/copy.ts';
import { StatusError } from '../meta/status-error.ts';
import { kindType, type StructType } from '../schema/schema.ts';
import type { KubeObject, ManagedFieldsEntry } from '../schema/wire.ts';
import { type Apply, applyPatch, keepTimesWhenUnchanged } from './apply.ts';
import { type FieldSet, fieldsOf, hasPath } from './field-set.ts';
import { updateManagedFields, type VersionLookup } from './managed-fields.ts';
import { deducedShape, shapeOf } from './shape.ts';

const configMapType = kindType('v1', 'ConfigMap')!;
const deploymentType = kindType('apps/v1', 'Deployment')!;
const now = '2026-01-01T00:00:00Z';

interface ConfigMap extends KubeObject {
  data?: Record<string, string> | null;
}

function configMap(data?: Record<string, string> | null): ConfigMap {
  const base = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
  return data === undefined ? base : { ...base, data };
}

function apply(
  live: KubeObject | undefined,
  config: KubeObject,
  manager: string,
  options: Partial<Apply> = {},
): ConfigMap {
  return applyPatch({
    type: configMapType,
    apiVersion: 'v1',
    kind: 'ConfigMap',
    force: false,
    now,
    live,
    config,
    manager,
    ...options,
  });
}

function update(live: ConfigMap, data: Record<string, string>, manager: string): ConfigMap {
  const next: ConfigMap = { ...deepCopy(live), data };
  updateManagedFields({ type: configMapType, apiVersion: 'v1', now, live, next, manager });
  return next;
}

function owned(o: KubeObject): Record<string, unknown> {
  const list = o.metadata?.managedFields ?? [];
  return Object.fromEntries(list.map((e) => [`${e.manager} ${e.operation}`, e.fieldsV1]));
}

function failureOf(run: () => unknown): StatusError {
  try {
    run();
  } catch (e) {
    if (e instanceof StatusError) return e;
    throw e;
  }
  throw new assert.AssertionError({ message: 'it did not fail' });
}

describe('server-side apply', () => {
  it('creates an object and notes what was named', () => {
    const out = apply(undefined, configMap({ a: '1' }), 'm');
    assert.deepEqual(out.data, { a: '1' });
    assert.deepEqual(owned(out), { 'm Apply': fieldsOf('data.a') });
    assert.equal(out.metadata!.managedFields![0]!.time, now);
  });

  it('removes what is named no more, unless somebody else owns it', () => {
    const one = apply(undefined, configMap({ a: '1', b: '2', c: '3' }), 'm');
    const shared = apply(one, configMap({ b: '2' }), 'n');
    const out = apply(shared, configMap({ c: '3' }), 'm');
    assert.deepEqual(out.data, { b: '2', c: '3' });
    assert.deepEqual(owned(out), { 'm Apply': fieldsOf('data.c'), 'n Apply': fieldsOf('data.b') });
  });

  it('leaves alone what nobody applied', () => {
    const one = apply(undefined, configMap({ a: '1' }), 'm');
    const two = update(one, { a: '1', z: '9' }, 'u');
    assert.deepEqual(apply(two, configMap({}), 'm').data, { z: '9' });
  });

  it('tells conflicts by manager, in order', () => {
    const one = apply(undefined, configMap({ a: '1' }), 'm1');
    const two = update(one, { a: '1', b: '1', c: '1' }, 'u');
    const e = failureOf(() => apply(two, configMap({ a: '2', b: '2', c: '2' }), 'm2'));
    assert.equal(e.code, 409);
    assert.equal(e.reason, 'Conflict');
    assert.equal(
      e.message,
      'Apply failed with 3 conflicts: conflicts with "m1":\n- .data.a\nconflicts with "u" using ' +
        'v1:\n- .data.b\n- .data.c',
    );
    assert.deepEqual(e.details?.causes?.[1], {
      reason: 'FieldManagerConflict',
      message: 'conflict with "u" using v1',
      field: '.data.b',
    });
  });

  it('names the subresource of a manager in conflict', () => {
    const one = apply(undefined, configMap({ a: '1' }), 'm1', { subresource: 'status' });
    const e = failureOf(() => apply(one, configMap({ a: '2' }), 'm2'));
    assert.equal(
      e.message,
      'Apply failed with 1 conflict: conflict with "m1" with subresource "status": .data.a',
    );
  });

  it('takes over by force', () => {
    const one = apply(undefined, configMap({ a: '1', b: '1' }), 'm1');
    const out = apply(one, configMap({ a: '2' }), 'm2', { force: true });
    assert.deepEqual(out.data, { a: '2', b: '1' });
    assert.deepEqual(owned(out), {
      'm1 Apply': fieldsOf('data.b'),
      'm2 Apply': fieldsOf('data.a'),
    });
  });

  it('shares a field that has the same value', () => {
    const one = apply(undefined, configMap({ a: '1' }), 'm1');
    const out = apply(one, configMap({ a: '1' }), 'm2');
    assert.deepEqual(owned(out), {
      'm1 Apply': fieldsOf('data.a'),
      'm2 Apply': fieldsOf('data.a'),
    });
    const mine = out.metadata!.managedFields!.find((e) => e.manager === 'm2');
    assert.equal(mine!.time, undefined);
  });

  it('starts tracking an object that was not tracked', () => {
    const live = { ...configMap({ a: '1' }), metadata: { name: 'a', uid: 'u' } };
    const out = apply(live, configMap({ b: '2' }), 'm');
    assert.deepEqual(owned(out), {
      'm Apply': fieldsOf('data.b'),
      'before-first-apply Update': fieldsOf('data', 'data.a'),
    });
  });

  it('lets kubectl take over its own client-side apply', () => {
    const last = JSON.stringify(configMap({ a: '1', b: '1' }));
    const start = configMap({ a: '1', b: 'changed since' });
    const key = 'kubectl.kubernetes.io/last-applied-configuration';
    start.metadata!.annotations = { [key]: last };
    updateManagedFields({
      type: configMapType,
      apiVersion: 'v1',
      now,
      live: undefined,
      next: start,
      manager: 'kubectl-client-side-apply',
    });
    const out = apply(start, configMap({ a: '2' }), 'kubectl');
    assert.deepEqual(out.data, { a: '2', b: 'changed since' });
    assert.equal(
      out.metadata!.annotations![key],
      '{"apiVersion":"v1","data":{"a":"2"},"kind":"ConfigMap","metadata":{"name":"a"}}\n',
    );
    const e = failureOf(() => apply(start, configMap({ a: '2', b: '2' }), 'kubectl'));
    assert.match(e.message, /^Apply failed with 1 conflict: .*: \.data\.b$/);
    assert.equal(failureOf(() => apply(start, configMap({ a: '2' }), 'm')).code, 409);
  });

  it('refuses other kinds and managedFields', () => {
    const wrong = { ...configMap(), kind: 'Secret' };
    assert.equal(
      failureOf(() => apply(undefined, wrong, 'm')).message,
      'invalid object type: /v1, Kind=Secret',
    );
    const managed = configMap();
    managed.metadata!.managedFields = [];
    const e = failureOf(() => apply(undefined, managed, 'm'));
    assert.equal(e.message, 'metadata.managedFields must be nil');
    assert.equal(e.code, 400);
  });

  it('answers a configuration that does not fit with a bare 500', () => {
    const e = failureOf(() =>
      apply(undefined, { ...configMap(), bogus: 1 } as unknown as KubeObject, 'm'),
    );
    assert.deepEqual([e.code, e.reason], [500, '']);
    assert.equal(
      e.message,
      'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .bogus: field not declared ' +
        'in schema',
    );
  });

  it('shows no name that is no text', () => {
    for (const name of [7, { toString: 1 }, ['a']]) {
      const config = { ...configMap(), metadata: { name, labels: 'x' } } as unknown as ConfigMap;
      assert.match(
        failureOf(() => apply(undefined, config, 'm')).message,
        /^failed to create typed patch object \(\/; \/v1, Kind=ConfigMap\): /,
      );
      const odd = { ...configMap(), kind: name } as unknown as ConfigMap;
      const { message } = failureOf(() => apply(undefined, odd, 'm'));
      assert.equal(message, 'invalid object type: /v1, Kind=');
    }
  });

  it('leaves out what the endpoint cannot write', () => {
    const out = apply(undefined, configMap({ a: '1' }), 'm', { resetFields: [['data']] });
    assert.deepEqual(owned(out), {});
  });

  it('changes neither argument', () => {
    const live = apply(undefined, configMap({ a: '1', b: '1' }), 'm');
    const before = JSON.stringify(live);
    const config = configMap({ a: '2' });
    const out = apply(live, config, 'm');
    out.data!['z'] = '1';
    assert.equal(JSON.stringify(live), before);
    assert.deepEqual(config, configMap({ a: '2' }));
  });

  it('knows keys that have the names of what every object has', () => {
    for (const name of ['constructor', 'toString', '__proto__']) {
      const data = JSON.parse(`{"${name}":"1"}`) as Record<string, string>;
      const one = apply(undefined, configMap({ a: '1' }), 'm');
      const two = apply(one, configMap(data), 'n');
      assert.deepEqual(Object.entries(two.data ?? {}), [['a', '1'], ...Object.entries(data)]);
      assert.deepEqual(owned(two)['n Apply'], { 'f:data': { [`f:${name}`]: {} } });
      const left = apply(two, configMap(), 'n');
      assert.deepEqual(Object.keys(left.data ?? {}), ['a']);
      const three = update(one, { a: '1', ...data }, 'u');
      assert.deepEqual(owned(three)['u Update'], { 'f:data': { [`f:${name}`]: {} } });
      assert.equal(owned(update(three, { a: '1' }, 'v'))['u Update'], undefined, 'it is gone');
      const kept = apply(apply(three, configMap({ a: '1', b: '1' }), 'w'), configMap({}), 'w');
      assert.equal(Object.hasOwn(kept.data ?? {}, name), true, 'pruning loses it');
    }
  });

  it('handles objects without a schema', () => {
    const base = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
    const options = { type: deducedShape };
    const one = apply(undefined, { ...base, spec: { a: [1], b: { c: 1 } } } as never, 'm', options);
    const set = fieldsOf('spec', 'spec.a', 'spec.b', 'spec.b.c');
    assert.deepEqual(owned(one), { 'm Apply': set });
    const two = apply(one, { ...base, spec: { a: [2] } } as never, 'm', options);
    assert.deepEqual((two as unknown as { spec: unknown }).spec, { a: [2] });
  });

  it('follows fields through other versions of the kind', () => {
    // v1 calls the field `data`, v2 `binaryData`.
    const rename = (from: string, to: string) => (o: unknown) => {
      const { [from]: value, ...rest } = o as Record<string, unknown>;
      return value === undefined ? rest : { ...rest, [to]: value };
    };
    const shape = shapeOf(configMapType);
    const versions: VersionLookup = (version) => {
      if (version === 'v2') {
        const convert = rename('data', 'binaryData');
        return { shape, convert: (o, from) => (from === 'v2' ? o : convert(o)) };
      }
      const convert = rename('binaryData', 'data');
      return version === 'v1'
        ? { shape, convert: (o, from) => (from === 'v1' ? o : convert(o)) }
        : undefined;
    };
    const one = apply(undefined, configMap({ a: '1', b: '1' }), 'm', { versions });
    const inV2 = { ...rename('data', 'binaryData')(one), apiVersion: 'v2' } as KubeObject;
    const other = { apiVersion: 'v2', kind: 'ConfigMap', binaryData: { a: '2' } } as KubeObject;
    const v2 = { apiVersion: 'v2', versions };
    const e = failureOf(() => apply(inV2, other, 'n', v2));
    assert.match(e.message, /conflict with "m": \.data\.a$/);
    const out = apply(inV2, { ...other, binaryData: { b: '1' } } as KubeObject, 'm', v2);
    assert.deepEqual((out as Record<string, unknown>)['binaryData'], { b: '1' });
    assert.deepEqual(owned(out), { 'm Apply': fieldsOf('binaryData.b') });
  });
});

describe('an apply without effect', () => {
  it('gets its times back', () => {
    const live = apply(undefined, configMap({ a: '1' }), 'm');
    const next = apply(live, configMap({ a: '1' }), 'm', { now: '2026-02-02T00:00:00Z' });
    assert.equal(keepTimesWhenUnchanged(next, live), true);
    assert.deepEqual(next, live);
    const other = apply(live, configMap({ a: '2' }), 'm', { now: '2026-02-02T00:00:00Z' });
    assert.equal(keepTimesWhenUnchanged(other, live), false);
  });
});

interface Container {
  name: string;
  image?: string;
  env?: { name: string; value?: string }[];
  ports?: { containerPort: number; protocol?: string; name?: string }[];
}

// Empty lists name nothing, and go with the next prune: they are left out here.
const env = fc.uniqueArray(
  fc.record({ name: fc.constantFrom('A', 'B', 'C'), value: fc.constantFrom('1', '2') }),
  { selector: (e) => e.name, minLength: 1, maxLength: 3 },
);
const ports = fc.uniqueArray(
  fc.record(
    {
      containerPort: fc.constantFrom(80, 443),
      protocol: fc.constantFrom('TCP', 'UDP'),
      name: fc.constantFrom('p', 'q'),
    },
    { requiredKeys: ['containerPort', 'protocol'] },
  ),
  { selector: (p) => `${p.containerPort}/${p.protocol}`, minLength: 1, maxLength: 3 },
);
const containers: fc.Arbitrary<Container[]> = fc.uniqueArray(
  fc.record(
    { name: fc.constantFrom('a', 'b', 'c'), image: fc.constantFrom('x', 'y'), env, ports },
    { requiredKeys: ['name'] },
  ) as fc.Arbitrary<Container>,
  { selector: (c) => c.name, minLength: 1, maxLength: 3 },
);
const deployments = fc
  .record(
    {
      replicas: fc.constantFrom(1, 2),
      labels: fc.dictionary(fc.constantFrom('l', 'm'), fc.constantFrom('1', '2')),
      nodeSelector: fc.dictionary(fc.constantFrom('n'), fc.constantFrom('1', '2')),
      containers,
    },
    // An object nobody owns a field of counts as not tracked: something is always named.
    { requiredKeys: ['replicas'] },
  )
  .map((d): KubeObject => {
    const { replicas, labels, ...spec } = d;
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', ...(labels === undefined ? {} : { labels }) },
      spec: { replicas, template: { spec } },
    } as KubeObject;
  });

function applyDeployment(
  live: KubeObject | undefined,
  config: KubeObject,
  manager: string,
  type: StructType = deploymentType,
): KubeObject {
  return applyPatch({
    type,
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    force: true,
    now,
    live,
    config,
    manager,
  });
}

/** Every owned path must lead to something. */
function assertOwnedThere(o: KubeObject): void {
  const walk = (node: FieldSet, value: unknown, where: string): void => {
    for (const element in node) {
      if (element === '.') continue;
      let next: unknown;
      if (element.startsWith('k:')) {
        const keys = Object.entries(JSON.parse(element.slice(2)) as object);
        const matches = (value as Record<string, unknown>[]).filter((item) =>
          keys.every(([k, v]) => (item[k] ?? (k === 'protocol' ? 'TCP' : undefined)) === v),
        );
        assert.equal(matches.length, 1, `${where}/${element}`);
        next = matches[0];
      } else next = (value as Record<string, unknown>)[element.slice(2)];
      assert.notEqual(next, undefined, `${where}/${element}`);
      walk(node[element]!, next, `${where}/${element}`);
    }
  };
  for (const e of o.metadata?.managedFields ?? []) walk(e.fieldsV1 as FieldSet, o, '');
}

describe('server-side apply, whatever is applied', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('x', 'y', 'z'), deployments), {
    minLength: 1,
    maxLength: 5,
  });

  it('has the configuration in the object, owns only what is there, and is idempotent', () => {
    fc.assert(
      fc.property(steps, (list) => {
        let live: KubeObject | undefined;
        for (const [manager, config] of list) {
          const out = applyDeployment(live, config, manager);
          assertOwnedThere(out);
          assertContains(out, config);
          const again = applyDeployment(out, config, manager);
          assert.deepEqual(again, out);
          live = out;
        }
      }),
      { seed: 4, numRuns: 150 },
    );
  });

  it('leaves nothing behind when everybody lets go', () => {
    const bare = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' } };
    fc.assert(
      fc.property(steps, (list) => {
        let live: KubeObject | undefined;
        for (const [manager, config] of list) live = applyDeployment(live, config, manager);
        for (const [manager] of list) live = applyDeployment(live, bare, manager);
        assert.equal(live!.metadata!.managedFields, undefined);
        assert.equal(JSON.stringify(live).match(/"(image|value|containerPort)"/), null);
      }),
      { seed: 5, numRuns: 80 },
    );
  });
});

/** Maps hold all that the configuration has; lists hold its items, told apart by their keys. */
function assertContains(whole: unknown, part: unknown): void {
  if (Array.isArray(part)) {
    const list = (whole ?? []) as Record<string, unknown>[];
    for (const item of part as Record<string, unknown>[]) {
      const keys = 'containerPort' in item ? ['containerPort', 'protocol'] : ['name'];
      const same = list.filter((v) => keys.every((k) => v[k] === item[k]));
      assert.equal(same.length, 1);
      assertContains(same[0], item);
    }
  } else if (typeof part === 'object' && part !== null) {
    for (const [k, v] of Object.entries(part)) {
      assertContains((whole as Record<string, unknown>)[k], v);
    }
  } else assert.equal(whole, part);
}

describe('entries of managedFields', () => {
  it('hold their paths', () => {
    const out = applyDeployment(
      undefined,
      { ...configMap(), apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 1 } } as never,
      'm',
    );
    const e: ManagedFieldsEntry = out.metadata!.managedFields![0]!;
    assert.ok(hasPath(e.fieldsV1 as FieldSet, ['f:spec', 'f:replicas']));
  });
});
