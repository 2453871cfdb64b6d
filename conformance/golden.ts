/**
 * Runs the recorded answers of the real server against ours:
 *
 *   node conformance/golden.ts [--cases DIR] [--update] [--filter REGEX]
 *
 * A case listed in golden-passing.txt that fails turns the run red; `--update` rewrites the list
 * from what passes. The last line is `N passed, N failed`, over the listed cases.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const { values: flags } = parseArgs({
  options: {
    cases: { type: 'string', default: '../shared/golden/open' },
    replayer: { type: 'string', default: '../shared/golden/replay.mjs' },
    filter: { type: 'string' },
    update: { type: 'boolean', default: false },
  },
});
const root = fileURLToPath(new URL('..', import.meta.url));
const listFile = fileURLToPath(new URL('golden-passing.txt', import.meta.url));
const token = 'golden';

interface CaseResult {
  topic: string;
  name: string;
  ok: boolean;
}

const nameOf = (c: CaseResult) => `${c.topic}/${c.name}`;

if (!existsSync(flags.replayer)) {
  console.error(`no replayer at ${flags.replayer}: give --replayer and --cases`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'k8ts-golden-'));
const port = await freePort();
const server = spawn(
  join(root, 'cli/k8ts'),
  [
    'apiserver',
    `--data-dir=${join(folder, 'data')}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
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
  const all = await replay(flags.filter);
  const passing = new Set(all.filter((c) => c.ok).map(nameOf));
  console.log(`recorded cases: ${passing.size} of ${all.length} pass`);
  if (flags.update) {
    writeFileSync(listFile, `${[...passing].sort().join('\n')}\n`);
    code = 0;
  } else code = await judge(all, passing);
} finally {
  server.kill('SIGTERM');
  await new Promise((resolve) => server.once('close', resolve));
  rmSync(folder, { recursive: true, force: true });
}
process.exit(code);

async function judge(all: readonly CaseResult[], passing: ReadonlySet<string>): Promise<number> {
  const ran = new Set(all.map(nameOf));
  const listed = readFileSync(listFile, 'utf8')
    .split('\n')
    .filter((l) => l !== '' && ran.has(l));
  let failed = listed.filter((name) => !passing.has(name));
  if (failed.length > 0 && failed.length <= 20) {
    // Watches are timed: on a busy machine a case gets a second chance, alone.
    console.log(`again: ${failed.join(', ')}`);
    const pattern = failed.map((n) => n.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
    const again = await replay(`^(${pattern})$`);
    const now = new Set(again.filter((c) => c.ok).map(nameOf));
    failed = failed.filter((name) => !now.has(name));
  }
  for (const name of failed) console.log(`passed before and fails now: ${name}`);
  const fresh = [...passing].filter((name) => !listed.includes(name));
  if (fresh.length > 0) console.log(`${fresh.length} cases pass that are not listed: --update`);
  console.log(`${listed.length - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

async function replay(filter: string | undefined): Promise<CaseResult[]> {
  const out = join(folder, 'results.json');
  const args = [
    flags.replayer,
    '--server',
    `https://127.0.0.1:${port}`,
    '--insecure',
    '--token',
    token,
    '--cases',
    flags.cases,
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

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address() as AddressInfo;
      probe.close(() => resolve(free));
    });
  });
}
