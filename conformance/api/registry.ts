/**
 * Objects that are nearly right, at the registry of every kind, without a server around it:
 *
 *   K8TS_REGISTRY_ROUNDS=2000 node conformance/api/registry.ts [--seed N] [--filter TEXT]
 *
 * Creates and updates either succeed, with an object in normal form that protobuf can carry, or
 * are refused with a reason. Nothing else is thrown, and nothing takes long.
 */
import assert from 'node:assert/strict';
import { TestRegistry } from '../../apiserver/registry/core/test-registry.ts';
import { normalize } from '../../machinery/codec/decode.ts';
import { decodeProtobuf, encodeProtobuf } from '../../machinery/codec/protobuf.ts';
import { StatusError } from '../../machinery/meta/status-error.ts';
import type { StructType } from '../../machinery/schema/schema.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import { kindObjects } from './kind-objects.ts';
import { mutate } from './mutate.ts';
import { randomOf } from './random.ts';
import { check, finish, seed } from './report.ts';

const rounds = Number(process.env['K8TS_REGISTRY_ROUNDS'] ?? 100);
/** One write may take so much of the processor's time. */
const slowMs = 3000;
const random = randomOf(seed);
const counts = { taken: 0, refused: 0 };

await using registry = await TestRegistry.openAll();
await registry.create('namespaces', { metadata: { name: 'fuzz' } });

for (const [id, { name = 'a', body, status }] of Object.entries(kindObjects)) {
  const slash = id.lastIndexOf('/');
  const [apiVersion, plural] = [id.slice(0, slash), id.slice(slash + 1)];
  const [version = 'v1', group = ''] = apiVersion.split('/').reverse();
  const resource = registry.catalog.find(group, version, plural)!;
  const { kind, namespaced, verbs } = resource.definition;
  const type = kindType(apiVersion, kind)!;
  const request = { apiVersion, namespace: 'fuzz' };
  const metadata = { name, ...(namespaced ? { namespace: 'fuzz' } : {}) };
  const whole = { ...body, metadata: { labels: { a: 'b' }, ...metadata } };

  await check(id, async () => {
    const problems = new Map<string, string>();
    let sent: object = {};
    const tried = async (what: string, run: () => Promise<KubeObject>) => {
      const problem = await problemOf(run, type);
      if (problem === undefined) return;
      const stack = /\n {4}at .*/.exec(problem)?.[0] ?? problem;
      if (!problems.has(stack)) {
        problems.set(stack, `${what} ${JSON.stringify(sent)}\n${problem}`);
      }
    };
    /** Who the object is, and which of its states, stays right: all else hangs on it. */
    const changeKnown = (object: KubeObject) => {
      const { resourceVersion = '' } = object.metadata ?? {};
      mutate(object, type, random);
      if (object.metadata !== undefined) Object.assign(object.metadata, { name, resourceVersion });
    };
    await registry.create(plural, whole, request);
    for (let i = 0; i < rounds && problems.size < 5; i++) {
      const made = structuredClone(whole) as KubeObject;
      mutate(made, type, random);
      // Not the same name: that there is an object of it would be all that is looked at.
      if (made.metadata?.name === name) made.metadata.name = `${name}1`;
      // A 500 of the real server, and that of a revision of odd form.
      delete made.metadata?.resourceVersion;
      sent = made;
      await tried('create', () => registry.create(plural, made, { ...request, dryRun: true }));
      if (!verbs.includes('update')) continue;
      await tried('update', () =>
        registry.update(
          plural,
          name,
          (object: KubeObject) => {
            changeKnown(object);
            sent = structuredClone(object);
          },
          { ...request, dryRun: true },
        ),
      );
      if (status === undefined) continue;
      await tried('status', () =>
        registry.update(
          plural,
          name,
          (object: KubeObject & { status?: object }) => {
            object.status = structuredClone(status);
            changeKnown(object);
            sent = structuredClone(object);
          },
          { ...request, dryRun: true, subresource: 'status' },
        ),
      );
    }
    await registry.delete(plural, name, request);
    assert.equal(problems.size, 0, [...problems.values()].join('\n\n').slice(0, 8000));
  });
}
console.log(`  ${counts.taken} writes taken, ${counts.refused} refused`);

/** What is wrong with how a write ends; undefined: nothing. */
async function problemOf(
  run: () => Promise<KubeObject>,
  type: StructType,
): Promise<string | undefined> {
  const started = process.cpuUsage();
  try {
    const object = await run();
    counts.taken++;
    const again = normalize(structuredClone(object), type);
    assert.deepEqual(again, object, 'it is not in normal form');
    // These are stored as JSON, which tells an empty list from none; protobuf cannot.
    if (/^api(extensions|registration)/.test(type.id)) return undefined;
    const bytes = Buffer.from(encodeProtobuf(object, type));
    assert.deepEqual(
      normalize(decodeProtobuf(bytes).object as KubeObject, type),
      object,
      'protobuf',
    );
  } catch (e) {
    const refused = e instanceof StatusError && e.code < 500 && e.reason !== '';
    if (!refused) return e instanceof Error ? (e.stack ?? e.message) : String(e);
    counts.refused++;
  }
  const took = process.cpuUsage(started).user / 1000;
  return took > slowMs ? `it took ${took} ms` : undefined;
}

await registry[Symbol.asyncDispose]();
finish();
