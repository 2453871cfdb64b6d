/**
 * Hostile requests at a running server, which must answer each with something sensible:
 *
 *   K8TS_FUZZ_SECONDS=600 node conformance/api/fuzz.ts [--seed N] [--filter TEXT]
 *
 * Never an error that it did not mean, never a crash, a hang or memory that stays; what is refused
 * is refused by a Status with a reason.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeCbor } from '../../machinery/codec/cbor.ts';
import { decodeProtobuf } from '../../machinery/codec/protobuf.ts';
import { decodeYaml } from '../../machinery/codec/yaml.ts';
import type { Answer } from './api.ts';
import { ApiProcess } from './api-process.ts';
import { paths, reads } from './fuzz-reads.ts';
import { type FuzzRequest, folderOf, namespace, patches, writes } from './fuzz-requests.ts';
import { kindObjects } from './kind-objects.ts';
import { check, finish, seed } from './report.ts';
import { servedResources } from './served-resources.ts';

const seconds = Number(process.env['K8TS_FUZZ_SECONDS'] ?? 15);
/** One request may take so long on a busy machine. */
const hangMs = 10_000;
const mib = 1024 * 1024;

/**
 * Answers 500 that the real server gives as well: a Status without a reason, for a revision that is
 * no number, one that is not to be set, and for much that can be wrong with a patch.
 */
const deliberate =
  /strconv\.ParseUint: parsing|^resourceVersion should not be set on objects to be created$/;

const counts = new Map<string, number>();

/** What is read of a Status. */
interface Shown {
  readonly kind?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
}

/** A Status in any of the encodings. */
function statusOf(contentType: string, body: Buffer): Shown {
  switch (contentType) {
    case 'application/yaml':
      return decodeYaml(body).value as Shown;
    case 'application/vnd.kubernetes.protobuf':
      return decodeProtobuf(body).object as Shown;
    case 'application/cbor':
      return decodeCbor(body) as Shown;
    default:
      return JSON.parse(body.toString()) as Shown;
  }
}

/** What is wrong with an answer; undefined: nothing. */
function problemOf(request: FuzzRequest, answer: Answer): string | undefined {
  const { status, headers, body } = answer;
  counts.set(String(status), (counts.get(String(status)) ?? 0) + 1);
  if (status < 400 || (status < 500 && request.method === 'HEAD')) return undefined;
  const contentType = (headers['content-type'] ?? '').split(';')[0]!;
  if (contentType === 'text/plain') {
    return status === 404 || status === 405 ? undefined : `${status} ${body}`;
  }
  const shown = statusOf(contentType, body);
  const message = shown.message ?? '';
  const meant =
    shown.kind === 'Status' &&
    shown.code === status &&
    (status < 500
      ? shown.reason !== undefined
      : status === 504
        ? message.startsWith('Timeout: Too large resource version')
        : shown.reason === undefined && (request.method === 'PATCH' || deliberate.test(message)));
  return meant ? undefined : `${status} ${shown.reason} ${message}`.slice(0, 1000);
}

await using server = await ApiProcess.start({ inspect: true });
const { api, inspector } = server;
await api.call('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
const resources = await servedResources(api, 'create', 'list');
await makeObjects();

async function send(request: FuzzRequest): Promise<void> {
  const logged = server.log.length;
  const answer = await api
    .send(request.method, request.path, {
      headers: request.headers,
      timeoutMs: hangMs,
      ...(request.body === undefined ? {} : { body: request.body }),
    })
    .catch(async (error: unknown) => {
      if (!server.alive) throw error;
      throw new Error(`${error}, the server is\n${await inspector.stack()}`);
    });
  const problem = problemOf(request, answer);
  if (problem === undefined) return;
  // The log comes by another way.
  await new Promise((resolve) => setTimeout(resolve, 50));
  throw new Error(`${problem}\n${stackOf(server.log.slice(logged))}`);
}

/** The first stack in a piece of the server's log. */
function stackOf(log: string): string {
  for (const line of log.split('\n')) {
    if (!line.includes('"stack"')) continue;
    const { err } = JSON.parse(line) as { err: { stack: string } };
    return err.stack.split('\n').slice(0, 6).join('\n');
  }
  return '';
}

/** Sends requests until the time is over; failures of different kinds are all collected. */
async function fuzz(arbitrary: fc.Arbitrary<FuzzRequest>, until: number): Promise<void> {
  const found = new Map<string, string>();
  for (let round = 0; Date.now() < until && found.size < 20; round++) {
    const result = await fc.check(fc.asyncProperty(arbitrary, send), {
      seed: seed + round,
      numRuns: 1_000_000,
      interruptAfterTimeLimit: until - Date.now(),
      markInterruptAsFailure: false,
    });
    if (!server.alive) {
      found.set('end', `the server has ended: ${server.log.slice(-3000)}\n${show(result)}`);
      break;
    }
    if (!result.failed) continue;
    const text = show(result);
    const stack = /\n {4}at .*\n.*/.exec(text);
    found.set(stack?.[0] ?? text.replace(/\d+|"[^"]*"/g, ''), text);
  }
  if (found.size > 0) throw new Error([...found.values()].join('\n\n'));
}

function show(result: fc.RunDetails<[FuzzRequest]>): string {
  const [request] = result.counterexample ?? [];
  const error = result.errorInstance instanceof Error ? result.errorInstance.message : '';
  if (request === undefined) return error;
  const { method, path, headers, body } = request;
  const sent = body === undefined ? '' : JSON.stringify(body.toString().slice(0, 600));
  return `${method} ${path.slice(0, 400)}\n${JSON.stringify(headers)}\n${sent}\n=> ${error}`;
}

const areas: readonly (readonly [string, fc.Arbitrary<FuzzRequest>])[] = [
  ['objects of all kinds in all encodings', writes(resources)],
  ['patches', patches(resources)],
  ['parameters of reads', reads(resources)],
  ['paths and headers', paths],
];

// Caches and compiled code are there before memory is looked at.
await Promise.all(areas.map(([, a]) => fuzz(a, Date.now() + 2000).catch(() => {})));
await cleanUp();
await makeObjects();
const before = await inspector.memory();
const until = Date.now() + seconds * 1000;
const running = areas.map(([name, arbitrary]) => [name, fuzz(arbitrary, until)] as const);
await Promise.allSettled(running.map(([, r]) => r));
for (const [name, result] of running) await check(name, () => result);
console.log(`  answers: ${[...counts].map(([code, n]) => `${n} of ${code}`).join(', ')}`);

await check('memory comes back', async () => {
  await cleanUp();
  const after = await inspector.memory();
  console.log(`  ${Math.round(before / mib)} MiB before, ${Math.round(after / mib)} MiB after`);
  assert.ok(after < before + 32 * mib, `memory grows: ${before}, ${after}`);
});

/** What patches work on; they are dry runs but for a few kinds. */
async function makeObjects(): Promise<void> {
  const serviceAccounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await api.call('POST', serviceAccounts, { metadata: { name: 'default' } });
  for (const r of resources) {
    const more = kindObjects[`${r.apiVersion}/${r.plural}`];
    if (more === undefined) continue;
    for (const name of more.name === undefined ? ['a', 'b'] : [more.name]) {
      const body = { ...more.body, metadata: { name } };
      const { status, object } = await api.call('POST', folderOf(r), body);
      assert.ok(status === 201 || status === 409, `${r.kind}: ${status} ${object.message}`);
    }
  }
}

async function cleanUp(): Promise<void> {
  for (const r of resources) if (r.namespaced) await api.send('DELETE', folderOf(r));
}

await server[Symbol.asyncDispose]();
finish();
