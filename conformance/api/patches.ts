/**
 * Patches of all sorts at objects of every kind, without a server around them:
 *
 *   K8TS_PATCH_ROUNDS=20000 node conformance/api/patches.ts [--seed N] [--filter TEXT]
 *
 * Live objects are nearly right, patches nearly fit. Each ends with an object in normal form or is
 * refused; nothing else is thrown, and no argument is changed.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { convert, normalize } from '../../machinery/codec/decode.ts';
import { DecodeError } from '../../machinery/codec/decode-context.ts';
import { fromUnstructured } from '../../machinery/codec/from-unstructured.ts';
import { StatusError } from '../../machinery/meta/status-error.ts';
import { applyPatch } from '../../machinery/patch/apply.ts';
import { updateManagedFields } from '../../machinery/patch/managed-fields.ts';
import { applyMergePatch } from '../../machinery/patch/merge-patch.ts';
import {
  applyStrategicMergePatch,
  strategicPatchText,
} from '../../machinery/patch/strategic-merge-patch.ts';
import { applyDefaults } from '../../machinery/schema/defaults.ts';
import { kinds, kindType, type StructType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import { anything } from './fuzz-values.ts';
import { kindObjects } from './kind-objects.ts';
import { mutate } from './mutate.ts';
import { randomOf } from './random.ts';
import { check, finish, seed } from './report.ts';

const rounds = Number(process.env['K8TS_PATCH_ROUNDS'] ?? 1500);
const random = randomOf(seed);
const odd = fc.sample(anything, { numRuns: 2000, seed });
const now = '2026-01-01T00:00:00Z';

interface Subject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly type: StructType;
  readonly body: object;
}

const subjects = Object.entries(kindObjects).map(([id, { body }]): Subject => {
  const slash = id.lastIndexOf('/');
  const [apiVersion, plural] = [id.slice(0, slash), id.slice(slash + 1)];
  const kind = kinds()
    .filter((k) => k.startsWith(`${apiVersion}/`))
    .map((k) => k.slice(apiVersion.length + 1))
    .find((k) => pluralOf(k) === plural);
  assert.ok(kind !== undefined, plural);
  return { apiVersion, kind, type: kindType(apiVersion, kind)!, body };
});

function pluralOf(kind: string): string {
  const name = kind.toLowerCase();
  if (name === 'endpoints') return name;
  if (name.endsWith('y')) return `${name.slice(0, -1)}ies`;
  return /(s|ss|x)$/.test(name) ? `${name}es` : `${name}s`;
}

/** An object of the kind with some parts changed, now and then to what cannot stand there. */
function near({ apiVersion, kind, type, body }: Subject): KubeObject {
  const object = { apiVersion, kind, metadata: { name: 'a' }, ...structuredClone(body) };
  mutate(object, type, random);
  if (random.oneIn(3)) spoil(object as Record<string, unknown>);
  return object as KubeObject;
}

function spoil(object: Record<string, unknown>): void {
  const key = random.pick(Object.keys(object));
  const inner = object[key];
  const isMap = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
  if (isMap && Object.keys(inner).length > 0 && !random.oneIn(3)) {
    spoil(inner as Record<string, unknown>);
  } else object[key] = structuredClone(random.pick(odd));
}

/** The object as the server has it. */
function inForm(value: unknown, { apiVersion, kind, type }: Subject): KubeObject {
  const { object } = convert(value, type, true, false);
  applyDefaults(apiVersion, kind, object);
  return normalize(object as KubeObject, type);
}

type Way = (live: KubeObject, patch: KubeObject, subject: Subject) => KubeObject;

const ways: Readonly<Record<string, Way>> = {
  strategic(live, patch, s) {
    const merged = applyStrategicMergePatch(live, patch, s.type);
    strategicPatchText(live, patch, s.type);
    return inForm(fromUnstructured(merged, s.type).object, s);
  },
  merge: (live, patch, s) => inForm(structuredClone(applyMergePatch(live, patch, true)), s),
  apply(live, patch, s) {
    const { apiVersion, kind, type } = s;
    const force = random.oneIn(2);
    const config = random.oneIn(20) ? patch : { ...patch, apiVersion, kind };
    const request = { type, apiVersion, kind, force, now, live, config, manager: 'm' };
    return inForm(structuredClone(applyPatch(request)), s);
  },
};

const counts = { done: 0, refused: 0 };

/** The outcome; undefined when it was refused. */
function attempt<T>(run: () => T): T | undefined {
  try {
    const out = run();
    counts.done++;
    return out;
  } catch (e) {
    if (!(e instanceof StatusError || e instanceof DecodeError)) throw e;
    counts.refused++;
    return undefined;
  }
}

for (const [name, way] of Object.entries(ways)) {
  await check(name, async () => {
    for (let i = 0; i < rounds; i++) {
      const subject = random.pick(subjects);
      let live = attempt(() => inForm(near(subject), subject));
      // A few in a row: what one has left is what the next one finds.
      for (let n = 0; n < 3 && live !== undefined; n++) {
        const patch = near(subject);
        const before = structuredClone([live, patch]);
        const told = () => `${subject.kind}\n${JSON.stringify(before)}`;
        try {
          const next = attempt(() => way(live!, patch, subject));
          assert.deepEqual([live, patch], before, 'an argument was changed');
          if (next === undefined) continue;
          if (name !== 'apply') {
            const { type, apiVersion } = subject;
            attempt(() => updateManagedFields({ type, apiVersion, now, live, next, manager: 'u' }));
          }
          live = next;
        } catch (e) {
          throw new Error(`${e instanceof Error ? e.stack : e}\n${told().slice(0, 4000)}`);
        }
      }
    }
    await Promise.resolve();
  });
}
console.log(`  ${counts.done} done, ${counts.refused} refused`);
finish();
