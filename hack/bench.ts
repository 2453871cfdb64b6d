/**
 * Measures the API server from outside, on the embedded store and on etcd, and beside it a bare
 * https server of Node with bodies of the same sizes (bench-floor.ts):
 *
 *   hack/bench.sh [--objects 2000] [--seconds 3] [--rounds 3] [--bench PATH]
 *
 * and rewrites the table of docs/performance.md between its markers. A benchmark, not a test: it
 * judges nothing. Writes are measured on a server that has just started, and once more on the same
 * server in the last of so many rounds. `--bench` is the load generator (default:
 * ../shared/bench/apibench.mjs).
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { freePort, residentMib, startServer, stop, token } from './bench-server.ts';

const { values: flags } = parseArgs({
  options: {
    objects: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    bench: { type: 'string', default: '../shared/bench/apibench.mjs' },
  },
});
const root = fileURLToPath(new URL('..', import.meta.url));
const document = join(root, 'docs/performance.md');

type Figures = Record<string, Record<string, number>>;

interface Measured {
  readonly startMs: number;
  readonly readyMib: number;
  readonly figures: Figures;
  /** Writes of the last round; empty when there is one only. */
  readonly warm: Figures;
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

/** Those that the floor has, too. */
const readRows = new Set(rows.slice(0, 7).map(([key]) => key));

/** The generator's names for what writes. */
const writing = ['--only', 'create,configmap,patch,delete'];
const warmRows = new Set(
  rows.map(([key]) => key).filter((key) => !readRows.has(key) && key !== 'watch_fanout'),
);

const folder = mkdtempSync(join(tmpdir(), 'k8ts-bench-'));
const running: ChildProcess[] = [];
try {
  const embedded = await measure('embedded', []);
  const floor = await measureFloor(embedded.figures);
  const etcd = await withEtcd((url) => measure('etcd', [`--etcd-servers=${url}`]));
  writeTable(floor, embedded, etcd);
} finally {
  for (const p of running) p.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

async function measure(name: string, args: readonly string[]): Promise<Measured> {
  console.log(`== ${name}`);
  // The first start makes certificates and fills the code cache; the second one is measured.
  const first = await startServer(folder, name, args);
  await stop(first.child);
  const { child, startMs, port } = await startServer(folder, name, args);
  running.push(child);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const readyMib = residentMib(child.pid!);
  const figures = await generate(name, port, child.pid!, []);
  let warm: Figures = {};
  for (let round = 2; round <= Number(flags.rounds); round++) {
    warm = await generate(name, port, child.pid!, writing);
  }
  await stop(child);
  return { startMs, readyMib, figures, warm };
}

/** Reads alone: what a bare server does with a write says nothing. */
async function measureFloor(ours: Figures): Promise<Figures> {
  console.log('== floor');
  const sizes: Record<string, number> = {};
  for (const [row, f] of Object.entries(ours)) {
    if (f['mib_s']) sizes[row] = Math.round((f['mib_s'] * 2 ** 20) / f['per_s']!);
  }
  const port = await freePort();
  const data = join(folder, 'embedded');
  const child = spawn(
    process.execPath,
    [
      join(root, 'hack/bench-floor.ts'),
      String(port),
      join(data, 'apiserver.crt'),
      join(data, 'apiserver.key'),
      JSON.stringify(sizes),
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  running.push(child);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const figures = await generate('floor', port, child.pid!, ['--only', 'get,list']);
  await stop(child);
  return figures;
}

/** Runs the load generator. */
async function generate(
  name: string,
  port: number,
  pid: number,
  args: readonly string[],
): Promise<Figures> {
  const out = join(folder, `${name}.json`);
  await promisify(execFile)(process.execPath, [
    flags.bench,
    ...['--server', `https://127.0.0.1:${port}`, '--token', token, '--pid', String(pid)],
    ...['--objects', flags.objects, '--seconds', flags.seconds, '--json', out, ...args],
  ]);
  return JSON.parse(readFileSync(out, 'utf8')) as Figures;
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

function writeTable(floor: Figures, embedded: Measured, etcd: Measured): void {
  const cell = (figures: Figures, row: string) => {
    const us = figures[row]?.['cpu_us'];
    return us === undefined ? '' : String(Math.round(us));
  };
  const bare = (row: string) => (readRows.has(row) ? cell(floor, row) : '');
  const warm = ({ warm }: Measured, row: string) => (warmRows.has(row) ? cell(warm, row) : '');
  const rss = (m: Measured, row: string) => String(m.figures[row]?.['rss'] ?? NaN);
  const lines = [
    '| server CPU per request, us | bare https | embedded | warm | etcd | warm | aim |',
    '|---|---:|---:|---:|---:|---:|---:|',
    ...rows.map(
      ([key, name, aim]) =>
        `| ${name} | ${bare(key)} | ${cell(embedded.figures, key)} | ${warm(embedded, key)} | ` +
        `${cell(etcd.figures, key)} | ${warm(etcd, key)} | ${aim} |`,
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
