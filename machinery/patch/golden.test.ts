/**
 * Recorded cases of the real server, as far as they are about patches and managedFields: a store
 * of one object, with neither defaults nor validation. Objects are compared as parts of the
 * recorded ones (which have defaults); managedFields and errors must be the same.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { toTyped } from '../codec/decode.ts';
import { decodeYaml } from '../codec/yaml.ts';
import { deepCopy } from '../meta/copy.ts';
import { StatusError } from '../meta/status-error.ts';
import { kindType, type StructType } from '../schema/schema.ts';
import type { KubeObject, ManagedFieldsEntry } from '../schema/wire.ts';
import { applyPatch } from './apply.ts';
import { difference, type FieldSet, forEachPath, sorted } from './field-set.ts';
import { applyJsonPatch, decodeJsonPatch } from './json-patch.ts';
import { updateManagedFields } from './managed-fields.ts';
import { applyMergePatch } from './merge-patch.ts';
import { pathText } from './path-element.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

interface Step {
  method: string;
  path: string;
  contentType?: string;
  body?: unknown;
  rawBody?: string;
  headers?: Record<string, string>;
  expect?: { status: number; body?: Record<string, unknown> };
}

interface Case {
  name: string;
  setup?: Step[];
  steps: Step[];
}

/** Stands for the recorded `<time>`. */
const now = '2026-01-01T00:00:00Z';

const folder = new URL('../../../shared/golden/open/', import.meta.url);

function casesOf(file: string): Case[] {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Case[];
}

describe('recorded cases', () => {
  it('stand beside the checkout', function () {
    if (!existsSync(folder)) this.skip();
  });
});

const kindOfPlural: Readonly<Record<string, [apiVersion: string, kind: string]>> = {
  configmaps: ['v1', 'ConfigMap'],
  deployments: ['apps/v1', 'Deployment'],
  services: ['v1', 'Service'],
  pods: ['v1', 'Pod'],
};

/** Answers of later stages: name and namespace checks, options, validation, storage. */
const otherStages =
  /does not match|undeterminable|PatchOptions|is invalid: |has been modified|ParseUint|not found/;

/** Objects by name and what writes make of them. */
class Store {
  private readonly objects = new Map<string, KubeObject>();

  run(step: Step): { status: number; body: unknown } {
    const url = new URL(step.path.replaceAll('${', '').replaceAll('}', ''), 'http://x');
    const [, plural] = /\/(configmaps|deployments|services|pods)(?:\/|$)/.exec(url.pathname) ?? [];
    const [apiVersion, kind] = kindOfPlural[plural!]!;
    const type = kindType(apiVersion, kind)!;
    const manager =
      url.searchParams.get('fieldManager') ??
      (step.headers?.['User-Agent'] ?? 'replay/1.0').split('/')[0]!;
    const name =
      step.method === 'POST'
        ? (step.body as KubeObject).metadata!.name!
        : url.pathname.split('/').at(-1)!;
    const before = this.objects.get(name);
    try {
      if (step.method === 'GET') return { status: before === undefined ? 404 : 200, body: before };
      const next = written(step, url, { apiVersion, kind, type, manager }, before);
      if (url.searchParams.get('dryRun') === null) this.objects.set(name, next);
      const status = step.method === 'POST' || before === undefined ? 201 : 200;
      return { status, body: next };
    } catch (e) {
      if (!(e instanceof StatusError)) throw e;
      return { status: e.code, body: e.toStatus() };
    }
  }
}

function written(
  step: Step,
  url: URL,
  k: { apiVersion: string; kind: string; type: StructType; manager: string },
  live: KubeObject | undefined,
): KubeObject {
  const text = step.rawBody ?? JSON.stringify(step.body);
  const ownership = {
    live,
    type: k.type,
    apiVersion: k.apiVersion,
    manager: k.manager,
    now,
    resetFields: [['status']],
  };
  if (step.contentType === 'application/apply-patch+yaml') {
    const config = decodeYaml(Buffer.from(text)).value as KubeObject;
    const force = url.searchParams.get('force') === 'true';
    return stored(applyPatch({ ...ownership, kind: k.kind, config, force }), k.type, live);
  }
  const document = patched(step, JSON.parse(text), k.type, live) as KubeObject;
  const next = stored(document, k.type, live);
  const sentEmpty = document.metadata?.managedFields?.length === 0;
  updateManagedFields({ ...ownership, next, sentEmpty });
  return next;
}

function patched(
  step: Step,
  body: unknown,
  type: StructType,
  live: KubeObject | undefined,
): unknown {
  switch (step.contentType?.split(';')[0]) {
    case 'application/json-patch+json':
      return applyJsonPatch(live, decodeJsonPatch(body, true).operations);
    case 'application/merge-patch+json':
      return applyMergePatch(live, body, true);
    case 'application/strategic-merge-patch+json':
      return applyStrategicMergePatch(live, body, type);
    default:
      return body;
  }
}

function stored(value: unknown, type: StructType, live: KubeObject | undefined): KubeObject {
  const object = toTyped(deepCopy(value), type).object as KubeObject;
  object.metadata ??= {};
  object.metadata.uid = live?.metadata?.uid ?? '<uid>';
  return object;
}

/** True when everything in `part` is in `whole` too; lists must have the same items. */
function isPart(part: unknown, whole: unknown): boolean {
  if (part === whole || part === null || part === '' || part === 0) return true;
  if (Array.isArray(part)) {
    const list = whole as unknown[] | null | undefined;
    if (part.length === 0 && (list ?? undefined) === undefined) return true;
    return (
      Array.isArray(list) && list.length === part.length && part.every((v, i) => isPart(v, list[i]))
    );
  }
  if (typeof part !== 'object') return false;
  const object = (whole ?? {}) as Record<string, unknown>;
  return Object.entries(part).every(([k, v]) => isPart(v, object[k]));
}

function at(object: unknown, path: string): unknown {
  const list = path.indexOf('[].');
  if (list >= 0) {
    const items = at(object, path.slice(0, list)) as unknown[] | undefined;
    return items?.map((v) => at(v, path.slice(list + 3)));
  }
  return path
    .split('.')
    .reduce<unknown>((o, name) => (o as Record<string, unknown> | undefined)?.[name], object);
}

type Entries = ManagedFieldsEntry[] | undefined;

function entriesIn(entries: Entries): unknown[] {
  return (entries ?? [])
    .map((e) => JSON.stringify({ ...timed(e), fieldsV1: sorted((e.fieldsV1 ?? {}) as never) }))
    .toSorted();
}

function timed(e: ManagedFieldsEntry): ManagedFieldsEntry {
  return (e.time as string | undefined) === '<time>' ? { ...e, time: now } : e;
}

function checkStep(step: Step, got: { status: number; body: unknown }): void {
  const want = step.expect!;
  if (got.body === undefined) {
    assert.equal(got.status, want.status);
    return;
  }
  assert.equal(got.status, want.status, JSON.stringify(got.body));
  const body = { ...want.body };
  const wantEntries = (body['metadata.managedFields'] ??
    (body['metadata'] as KubeObject['metadata'])?.managedFields) as Entries;
  const full = body['kind'] !== undefined && body['metadata'] !== undefined;
  if ('metadata.managedFields' in body || (full && body['kind'] !== 'Status')) {
    const entries = (got.body as KubeObject).metadata?.managedFields;
    assert.deepEqual(entriesIn(entries), entriesIn(wantEntries));
  }
  if (full) {
    if (body['kind'] === 'Status') assert.deepEqual(got.body, body);
    else {
      const { metadata: _, ...rest } = got.body as Record<string, unknown>;
      assert.ok(isPart(rest, body), `${JSON.stringify(rest)} is not in ${JSON.stringify(body)}`);
    }
    return;
  }
  for (const [path, value] of Object.entries(body)) {
    if (path === 'metadata.managedFields') continue;
    const have: unknown = at(got.body, path) ?? null;
    assert.ok(isPart(have, value), `${path}: ${JSON.stringify(have)} ${JSON.stringify(value)}`);
  }
}

/** Cases whose point lies elsewhere, each with the reason. */
const elsewhere = new Set([
  'cross-version HPA v1 and v2', // conversion
  'wrong media types and force misuse', // options
  'body errors and media types', // options
  'apply on a deleting object', // deletion
  'result invalid type', // decoding
  'deployment: type mismatch list', // decoding
  'deployment: type mismatch scalar', // decoding
  'deployment: topologySpreadConstraints merge', // defaults add to the key
]);

for (const file of ['apply.json', 'patch-json.json', 'patch-merge.json', 'patch-strategic.json']) {
  describe(`recorded cases: ${file}`, () => {
    for (const c of existsSync(folder) ? casesOf(file) : []) {
      if (elsewhere.has(c.name)) continue;
      it(c.name, () => {
        const store = new Store();
        for (const step of [...(c.setup ?? []), ...c.steps]) {
          const message = String(step.expect?.body?.['message'] ?? '');
          if (otherStages.test(message) && !message.startsWith('Apply failed')) continue;
          if (step.expect?.body?.['code'] === 400 && step.rawBody !== undefined) continue;
          const got = store.run(step);
          if (step.expect !== undefined && step.expect.status < 600) checkStep(step, got);
        }
      });
    }
  });
}

/** Set by admission or by the strategy after ownership is worked out, or lost in conversion. */
const setLater =
  /^(Pod\.spec\.(priority|preemptionPolicy|tolerations|serviceAccount|volumes|(init)?[cC]ontainers\[.*\]\.volumeMounts)|Service\.spec\.(clusterIP|ipFamil|ports\[.*\]\.nodePort)|PersistentVolume(Claim)?\.metadata\.finalizers|PersistentVolumeClaim\.spec\.dataSource|VolumeAttributesClass\.metadata\.finalizers|Job\.(spec\.selector|spec\.template\.metadata\.labels|metadata\.labels)|Node\.spec\.taints|Namespace\.spec\.finalizers|CertificateSigningRequest\.spec|Event\.)/;
const lostInStore = new Set(['EndpointSlice.endpoints', 'CSINode.spec.drivers']);

describe('managedFields of created objects, as recorded', () => {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  for (const file of files.filter((f) => f.startsWith('resource-'))) {
    it(file, () => {
      let count = 0;
      for (const c of casesOf(file)) {
        for (const step of c.steps) {
          const body = step.expect?.body as KubeObject | undefined;
          const entries = body?.metadata?.managedFields;
          if (step.method !== 'POST' || step.expect?.status !== 201 || entries?.length !== 1)
            continue;
          const type = kindType(body!.apiVersion!, body!.kind!);
          if (type === undefined || body!.apiVersion === 'autoscaling/v1') continue;
          count++;
          checkCreated(body!, entries[0]!, type, `${c.name}: ${step.path}`);
        }
      }
      assert.ok(count > 0);
    });
  }
});

function checkCreated(
  body: KubeObject,
  want: ManagedFieldsEntry,
  type: StructType,
  where: string,
): void {
  const next = deepCopy(body);
  delete next.metadata!.managedFields;
  const wanted = want.fieldsV1 as FieldSet;
  updateManagedFields({
    live: undefined,
    next,
    type,
    manager: want.manager ?? '',
    apiVersion: want.apiVersion ?? '',
    now,
    resetFields: 'f:status' in (want.fieldsV1 as object) ? [] : [['status']],
  });
  const made = (next as KubeObject).metadata?.managedFields?.[0];
  const got = (made?.fieldsV1 ?? {}) as FieldSet;
  if (made !== undefined) {
    assert.deepEqual({ ...made, fieldsV1: {} }, { ...timed(want), fieldsV1: {} }, where);
  }
  forEachPath(difference(wanted, got), (path) => {
    const text = `${body.kind}${pathText(path)}`;
    assert.ok(lostInStore.has(text), `${where}: ${text} is missing`);
  });
  forEachPath(difference(got, wanted), (path) => {
    const text = `${body.kind}${pathText(path)}`;
    assert.ok(setLater.test(text), `${where}: ${text} is too much`);
  });
}
