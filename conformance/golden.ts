/**
 * Runs the recorded answers of the real server against ours:
 *
 *   node conformance/golden.ts [--cases DIR] [--all] [--update] [--filter REGEX]
 *
 * A case listed in golden-passing.txt that fails turns the run red; `--update` adds to the list
 * what passes and takes off it what fails. Topics that nothing implements yet are left out, but for
 * cases that are listed; `--all` runs them too. What is known to be wrong in the recording is taken
 * out of the expectations first (recorded/deviations.ts). The last line is `N passed, N failed`,
 * over the listed cases.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { copyCases, fullName, type RecordedCase } from './recorded/cases.ts';
import { deviations } from './recorded/deviations.ts';

const { values: flags } = parseArgs({
  options: {
    cases: { type: 'string', default: '../shared/golden/open' },
    replayer: { type: 'string', default: '../shared/golden/replay.mjs' },
    filter: { type: 'string' },
    all: { type: 'boolean', default: false },
    update: { type: 'boolean', default: false },
  },
});
const root = fileURLToPath(new URL('..', import.meta.url));
const listFile = fileURLToPath(new URL('golden-passing.txt', import.meta.url));
const token = 'golden';
/** Extensions of the API: their cases wait for what is not there. */
const leftOut = /^crd-.*$/;
/** Cases wait more than they compute. */
const concurrency = 12;
/** The recording server's port, and the case that shows it. */
const recordedPort = 6443;
const showsPort = 'validation-misc/built-in objects present after start';

interface CaseResult {
  topic: string;
  name: string;
  ok: boolean;
  /** Where the answers differ, as the replayer tells it. */
  diffs: unknown[];
}

const nameOf = (c: CaseResult) => fullName(c.topic, c.name);

if (!existsSync(flags.replayer)) {
  console.error(`no replayer at ${flags.replayer}: give --replayer and --cases`);
  process.exit(2);
}
const listed = new Set(readFileSync(listFile, 'utf8').split('\n').filter(Boolean));
const folder = mkdtempSync(join(tmpdir(), 'k8ts-golden-'));
const cases = join(folder, 'cases');
prepareCases();
const { host, port } = await freeAddress();
const server = spawn(
  join(root, 'cli/k8ts'),
  [
    'apiserver',
    `--data-dir=${join(folder, 'data')}`,
    `--secure-port=${port}`,
    `--bind-address=${host}`,
    `--token-auth-file=${tokens()}`,
    '--service-cluster-ip-range=10.0.0.0/16',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--log-level=warn',
  ],
  { stdio: ['ignore', 'inherit', 'inherit'] },
);
let code = 1;
try {
  await ready();
  const all = await replay(undefined);
  const passing = new Set(all.filter((c) => c.ok).map(nameOf));
  console.log(`recorded cases: ${passing.size} of ${all.length} pass`);
  if (flags.update) {
    updateList(all, passing);
    code = 0;
  } else code = await judge(all, passing);
} finally {
  server.kill('SIGTERM');
  await new Promise((resolve) => server.once('close', resolve));
  rmSync(folder, { recursive: true, force: true });
}
process.exit(code);

/** Writes the cases that are run, corrected; says what was corrected. */
function prepareCases(): void {
  mkdirSync(cases);
  const corrected = deviations.map((d) => ({ ...d, cases: [] as string[] }));
  const revise = (topic: string, recorded: RecordedCase) => {
    for (const d of corrected) {
      if (d.correct(recorded)) d.cases.push(fullName(topic, recorded.name));
    }
  };
  const filter = flags.filter === undefined ? undefined : new RegExp(flags.filter);
  const wanted = (topic: string, name: string) =>
    (flags.all || !leftOut.test(topic) || listed.has(fullName(topic, name))) &&
    filter?.test(fullName(topic, name)) !== false;
  const count = copyCases(flags.cases, cases, wanted, revise);
  console.log(`${count} recorded cases`);
  for (const d of corrected.filter((d) => d.cases.length > 0)) {
    console.log(`corrected, ${d.name} (${d.why}): ${d.cases.length} cases`);
    for (const name of d.cases) console.log(`  ${name}`);
  }
}

function updateList(all: readonly CaseResult[], passing: ReadonlySet<string>): void {
  for (const c of all) if (!passing.has(nameOf(c))) listed.delete(nameOf(c));
  const names = [...new Set([...listed, ...passing])].sort();
  writeFileSync(listFile, names.map((n) => `${n}\n`).join(''));
}

async function judge(all: readonly CaseResult[], passing: ReadonlySet<string>): Promise<number> {
  const expected = all
    .map(nameOf)
    .filter((name) => listed.has(name) && (port === recordedPort || name !== showsPort));
  if (port !== recordedPort) console.log(`${recordedPort} is taken: without ${showsPort}`);
  let failed = expected.filter((name) => !passing.has(name));
  if (failed.length > 0 && failed.length <= 20) {
    // Watches are timed: on a busy machine a case gets a second chance, alone.
    console.log(`again: ${failed.join(', ')}`);
    const pattern = failed.map((n) => n.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
    const again = await replay(`^(${pattern})$`);
    const now = new Set(again.filter((c) => c.ok).map(nameOf));
    for (const name of failed.filter((n) => now.has(n))) console.log(`${name}: only at first`);
    failed = failed.filter((name) => !now.has(name));
    for (const c of again) if (!c.ok) tellDifferences(c);
  }
  for (const name of failed) console.log(`passed before and fails now: ${name}`);
  const fresh = [...passing].filter((name) => !listed.has(name));
  if (fresh.length > 0) console.log(`${fresh.length} cases pass that are not listed: --update`);
  console.log(`${expected.length - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

function tellDifferences(c: CaseResult): void {
  console.log(`FAILED ${nameOf(c)}`);
  for (const d of c.diffs.slice(0, 8)) {
    console.log(`  ${(typeof d === 'string' ? d : JSON.stringify(d)).slice(0, 500)}`);
  }
}

async function replay(filter: string | undefined): Promise<CaseResult[]> {
  const out = join(folder, 'results.json');
  const args = [
    flags.replayer,
    '--server',
    `https://${host}:${port}`,
    '--insecure',
    '--token',
    token,
    '--cases',
    cases,
    '--concurrency',
    String(concurrency),
    '--json',
    out,
    ...(filter === undefined ? [] : ['--filter', filter]),
  ];
  // Failing cases make it exit 1; the results tell.
  await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 28 }).catch(() => undefined);
  return (JSON.parse(readFileSync(out, 'utf8')) as { cases: CaseResult[] }).cases;
}

function tokens(): string {
  const file = join(folder, 'tokens');
  writeFileSync(file, `${token},admin,1,"system:masters"\n`);
  return file;
}

async function ready(): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (server.exitCode !== null) throw new Error('the API server ended at start');
    if (await answers()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the API server did not become ready');
}

function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    const options = {
      host,
      port,
      path: '/readyz',
      rejectUnauthorized: false,
      headers: { authorization: `Bearer ${token}` },
    };
    const req = request(options, (res) => {
      res.resume();
      resolve(res.statusCode === 200);
    });
    req.on('error', () => resolve(false));
    req.end();
  });
}

/**
 * The `kubernetes` service shows the port of the recording server: this one listens on it too, on a
 * loopback address of its own, where another server has not taken the port on all of them.
 */
async function freeAddress(): Promise<{ host: string; port: number }> {
  const byte = () => 1 + Math.floor(Math.random() * 254);
  const own = `127.${byte()}.${byte()}.${byte()}`;
  return (await bind(own, recordedPort)) ?? (await bind('127.0.0.1', 0))!;
}

function bind(host: string, wanted: number): Promise<{ host: string; port: number } | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen(wanted, host, () => {
      const { port: free } = probe.address() as AddressInfo;
      probe.close(() => resolve({ host, port: free }));
    });
  });
}
