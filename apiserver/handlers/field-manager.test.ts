/** Ownership across the versions of a kind. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { normalize } from '../../machinery/codec/decode.ts';
import { deepCopy } from '../../machinery/meta/copy.ts';
import { applyPatch, keepTimesWhenUnchanged } from '../../machinery/patch/apply.ts';
import type { FieldSet } from '../../machinery/patch/field-set.ts';
import { applyDefaults } from '../../machinery/schema/defaults.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import { horizontalPodAutoscalers } from '../registry/autoscaling/horizontal-pod-autoscalers.ts';
import type { ResourceDefinition } from '../registry/resource.ts';
import { type ServedResource, toServed, toStored } from '../registry/served-resource.ts';
import { manageFields, ownershipOf } from './field-manager.ts';

const definition = horizontalPodAutoscalers as unknown as ResourceDefinition;
const { kind } = definition;

function servedAs(version: 'v1' | 'v2'): ServedResource {
  const apiVersion = `autoscaling/${version}`;
  return {
    ...{ definition, group: 'autoscaling', version, apiVersion },
    type: kindType(apiVersion, kind)!,
    conversion: definition.versions.find((v) => v.version === version),
  } as ServedResource;
}

const served = { v1: servedAs('v1'), v2: servedAs('v2') };
type Version = keyof typeof served;

interface Step {
  readonly version: Version;
  readonly manager: string;
  readonly applies: boolean;
  readonly spec: object;
}

const scaleTargetRef = fc.record({
  apiVersion: fc.constant('apps/v1'),
  kind: fc.constantFrom('Deployment', 'StatefulSet'),
  name: fc.constantFrom('a', 'b'),
});
const maxReplicas = fc.constantFrom(3, 4);
const replicas = { maxReplicas, minReplicas: fc.constantFrom(1, 2), scaleTargetRef };
const metric = fc.constantFrom('cpu', 'memory').chain((name) =>
  fc.record({
    type: fc.constant('Resource'),
    resource: fc.record({
      name: fc.constant(name),
      target: fc.record({
        type: fc.constant('Utilization'),
        averageUtilization: fc.constantFrom(50, 60),
      }),
    }),
  }),
);
/** Of several for the CPU, version 1 keeps one, and puts it last. */
const metrics = fc
  .uniqueArray(metric, { selector: (m) => m.resource.name, minLength: 1, maxLength: 2 })
  .map((list) => list.toSorted((a) => (a.resource.name === 'cpu' ? 1 : -1)));
const behavior = fc.record({
  scaleDown: fc.record({ stabilizationWindowSeconds: fc.constantFrom(10, 20) }),
});
const inV1 = fc.record(
  { ...replicas, targetCPUUtilizationPercentage: fc.constantFrom(50, 70) },
  { requiredKeys: ['maxReplicas'] },
);
const inV2 = fc.record({ ...replicas, metrics, behavior }, { requiredKeys: ['maxReplicas'] });
const who = { manager: fc.constantFrom('x', 'y'), applies: fc.boolean() };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ ...who, version: fc.constant<Version>('v1'), spec: inV1 }),
  fc.record({ ...who, version: fc.constant<Version>('v2'), spec: inV2 }),
);

/** The stored object after a write. */
function write(stored: KubeObject | undefined, s: Step, time: number): KubeObject {
  const resource = served[s.version];
  const { apiVersion, type } = resource;
  const live = stored === undefined ? undefined : toServed(resource, deepCopy(stored));
  const config = { apiVersion, kind, metadata: { name: 'h' }, spec: s.spec } as KubeObject;
  let next: KubeObject;
  if (s.applies || live === undefined) {
    const now = new Date(time * 1000).toISOString().replace('.000', '');
    const asked = { ...ownershipOf(resource, ''), now, manager: s.manager, force: true };
    next = normalize(deepCopy(applyPatch({ ...asked, live, config, kind })), type);
    applyDefaults(apiVersion, kind, next);
  } else {
    const spec = { ...(live as unknown as { spec: object }).spec, ...s.spec };
    next = normalize({ ...deepCopy(live), spec } as KubeObject, type);
    applyDefaults(apiVersion, kind, next);
    manageFields(resource, live, next, s.manager, '');
  }
  const out = toStored(resource, next);
  if (stored !== undefined) keepTimesWhenUnchanged(out, stored);
  return out;
}

/** Every owned path leads to something in the version that its entry names. */
function assertOwnedThere(stored: KubeObject): void {
  for (const e of stored.metadata?.managedFields ?? []) {
    const resource = e.apiVersion === 'autoscaling/v1' ? served.v1 : served.v2;
    const shown = toServed(resource, deepCopy(stored));
    walk(e.fieldsV1 as FieldSet, shown, `${e.manager} in ${e.apiVersion}: `);
  }
}

function walk(set: FieldSet, value: unknown, where: string): void {
  for (const [element, below] of Object.entries(set)) {
    if (element === '.') continue;
    const at = `${where}/${element}`;
    const next = (value as Record<string, unknown>)[element.slice(2)];
    assert.ok(next !== undefined, `${at} is owned and not there`);
    walk(below, next, at);
  }
}

describe('ownership across versions', () => {
  it('names what each version shows, whoever writes in which', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
        let stored: KubeObject | undefined;
        for (const [i, s] of steps.entries()) {
          const next = write(stored, s, i);
          assertOwnedThere(next);
          if (s.applies) assert.deepEqual(write(next, s, i + 100), next, 'a second time');
          stored = next;
        }
      }),
      { seed: 10, numRuns: 200 },
    );
  });
});
