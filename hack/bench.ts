/**
 * Measures the API server from outside, on the embedded store and on etcd:
 *
 *   hack/bench.sh [--objects 2000] [--seconds 3] [--bench PATH]
 *
 * and rewrites the table of docs/performance.md between its markers. A benchmark, not a test: it
 * judges nothing. `--bench` is the load generator (default: ../shared/bench/apibench.mjs).
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const { values: flags } = parseArgs({
  options: {
    objects: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '3' },
    bench: { type: 'string', default: '../shared/bench/apibench.mjs' },
  },
});
const root = fileURLToPath(new URL('..', import.meta.url));
const document = join(root, 'docs/performance.md');
const token = 'bench';

type Figures = Record<string, Record<string, number>>;

interface Measured {
  readonly startMs: number;
  readonly readyMib: number;
  readonly figures: Figures;
}

/** Rows of the table: the generator's name, ours, the aim in microseconds of server CPU. */
const rows: readonly (readonly [string, string, number])[] = [
  ['get_pod', 'get pod', 60],
  ['list_all_pods', 'list 2000 pods from cache', 10_000],
  ['list_consistent', 'list 2000 pods, consistent', 12_000],
  ['list_limit500', 'list limit=500', 4000],
  ['list_selector_1pct', 'list by label, 1%', 1500],
  ['list_by_node', 'list by nodeName', 80],
  ['list_table', 'table of 500', 4000],
  ['create_pods', 'create pod', 500],
  ['create_configmaps', 'create ConfigMap', 250],
  ['patch_merge', 'merge patch', 600],
  ['patch_status', 'status patch', 600],
  ['apply', 'apply', 450],
  ['watch_fanout', 'watch event, one of 100 watchers', 12],
  ['delete_pods', 'delete pod', 500],
];

const folder = mkdtempSync(join(tmpdir(), 'k8ts-bench-'));
const running: ChildProcess[] = [];
try {
  const embedded = await measure('embedded', []);
  const etcd = await withEtcd((url) => measure('etcd', [`--etcd-servers=${url}`]));
  writeTable(embedded, etcd);
} finally {
  for (const p of running) p.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

async function measure(name: string, args: readonly string[]): Promise<Measured> {
  console.log(`== ${name}`);
  // The first start makes certificates and fills the code cache; the second one is measured.
  const first = await start(name, args);
  await stop(first.child);
  const { child, startMs, port } = await start(name, args);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const readyMib = residentMib(child.pid!);
  const out = join(folder, `${name}.json`);
  await promisify(execFile)(process.execPath, [
    flags.bench,
    '--server',
    `https://127.0.0.1:${port}`,
    '--token',
    token,
    '--pid',
    String(child.pid),
    '--objects',
    flags.objects,
    '--seconds',
    flags.seconds,
    '--json',
    out,
  ]);
  await stop(child);
  return { startMs, readyMib, figures: JSON.parse(readFileSync(out, 'utf8')) as Figures };
}

async function start(name: string, args: readonly string[]) {
  const tokens = join(folder, 'tokens');
  writeFileSync(tokens, `${token},admin,1,"system:masters"\n`);
  const port = await freePort();
  const started = performance.now();
  const child = spawn(
    join(root, 'cli/k8ts'),
    [
      'apiserver',
      `--data-dir=${join(folder, name)}`,
      `--secure-port=${port}`,
      '--bind-address=127.0.0.1',
      `--token-auth-file=${tokens}`,
      '--log-level=warn',
      ...args,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  running.push(child);
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error('the API server ended at start');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { child, port, startMs: performance.now() - started };
}

function stop(child: ChildProcess): Promise<unknown> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  return ended;
}

async function withEtcd<T>(work: (url: string) => Promise<T>): Promise<T> {
  const [client, peer] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${client}`;
  const etcd = spawn(
    'etcd',
    [
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      '--log-level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  running.push(etcd);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  try {
    return await work(url);
  } finally {
    await stop(etcd);
  }
}

function writeTable(embedded: Measured, etcd: Measured): void {
  const cell = (m: Measured, row: string) => String(Math.round(m.figures[row]?.['cpu_us'] ?? NaN));
  const rss = (m: Measured, row: string) => String(m.figures[row]?.['rss'] ?? NaN);
  const lines = [
    '| server CPU per request, us | embedded | etcd | aim |',
    '|---|---:|---:|---:|',
    ...rows.map(
      ([key, name, aim]) => `| ${name} | ${cell(embedded, key)} | ${cell(etcd, key)} | ${aim} |`,
    ),
    '',
    '| | embedded | etcd | aim |',
    '|---|---:|---:|---:|',
    `| start to /readyz, ms | ${embedded.startMs.toFixed(0)} | ${etcd.startMs.toFixed(0)} | 800 |`,
    `| memory when ready, MiB | ${embedded.readyMib} | ${etcd.readyMib} | 100 |`,
    `| memory after ${flags.objects} pods, MiB | ${rss(embedded, 'after_create')} | ${rss(etcd, 'after_create')} | 140 |`,
  ];
  const text = readFileSync(document, 'utf8');
  const [before = '', rest = ''] = text.split('<!-- bench -->\n');
  const after = rest.split('<!-- /bench -->')[1] ?? '';
  const table = `${lines.join('\n')}\n`;
  writeFileSync(document, `${before}<!-- bench -->\n${table}<!-- /bench -->${after}`);
  console.log(table);
}

function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const req = request({ port, path: '/readyz', rejectUnauthorized: false }, (res) => {
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
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
