/**
 * Writes kubelet/cri/table.json and kubelet/cri/messages.ts from the facts about the CRI:
 *
 *   node hack/generate-cri.ts <facts folder>
 *
 * Only what the methods named below reach is kept; Windows parts are left out.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The methods the kubelet calls, per service. */
const used: Record<string, readonly string[]> = {
  RuntimeService: [
    'Version',
    'Status',
    'RunPodSandbox',
    'StopPodSandbox',
    'RemovePodSandbox',
    'PodSandboxStatus',
    'ListPodSandbox',
    'CreateContainer',
    'StartContainer',
    'StopContainer',
    'RemoveContainer',
    'ListContainers',
    'ContainerStatus',
    'UpdateContainerResources',
    'UpdatePodSandboxResources',
    'ReopenContainerLog',
    'ExecSync',
    'Exec',
    'Attach',
    'PortForward',
    'ContainerStats',
    'ListContainerStats',
    'PodSandboxStats',
    'ListPodSandboxStats',
    'UpdateRuntimeConfig',
    'RuntimeConfig',
    'GetContainerEvents',
  ],
  ImageService: ['ListImages', 'ImageStatus', 'PullImage', 'RemoveImage', 'ImageFsInfo'],
};

interface Field {
  n: string;
  p: number;
  t: string;
}
interface Package {
  messages: Record<string, Field[]>;
  enums: Record<string, Record<string, number>>;
  services: Record<string, Record<string, string[]>>;
}

const facts = process.argv[2];
if (facts === undefined) {
  console.error('usage: node hack/generate-cri.ts <facts folder>');
  process.exit(2);
}
const pkg: Package = JSON.parse(readFileSync(join(facts, 'cri.json'), 'utf8')).packages[0];

const scalars = new Set('string bool int32 int64 uint32 uint64 double bytes'.split(' '));
const camel = (n: string): string => n.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());
const element = (t: string): string => t.replace(/^\[\]|^\{\}/, '');

const messages = new Map<string, Field[]>();
const enums = new Set<string>();
function reach(name: string): void {
  if (scalars.has(name) || messages.has(name)) return;
  if (pkg.enums[name] !== undefined) {
    enums.add(name);
    return;
  }
  const fields = pkg.messages[name]!.filter((f) => !element(f.t).startsWith('Windows'));
  messages.set(name, fields);
  for (const f of fields) reach(element(f.t));
}
const services: Record<string, Record<string, string[]>> = {};
for (const [service, methods] of Object.entries(used)) {
  services[service] = {};
  for (const method of methods) {
    const signature = pkg.services[service]![method]!;
    services[service][method] = signature;
    reach(signature[0]!);
    reach(signature[1]!);
  }
}
const ordered = Object.keys(pkg.messages).filter((n) => messages.has(n));

const line = (o: Record<string, unknown>): string =>
  Object.entries(o)
    .map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`)
    .join(',\n');
const tableMessages = Object.fromEntries(
  ordered.map((n) => [
    n,
    Object.fromEntries(messages.get(n)!.map((f) => [camel(f.n), [f.p, f.t.replace('.', '')]])),
  ]),
);
const tableEnums = Object.fromEntries(
  Object.keys(pkg.enums)
    .filter((n) => enums.has(n))
    .map((n) => [n.replace('.', ''), pkg.enums[n]]),
);
const target = new URL('../kubelet/cri/', import.meta.url);
writeFileSync(
  new URL('table.json', target),
  `{\n"package":"runtime.v1",\n"messages":{\n${line(tableMessages)}\n},\n` +
    `"enums":{\n${line(tableEnums)}\n},\n"services":{\n${line(services)}\n}\n}\n`,
);

const tsScalar: Record<string, string> = { string: 'string', bool: 'boolean', bytes: 'Uint8Array' };
function tsType(t: string): string {
  const name = element(t).replace('.', '');
  const isMessage = messages.has(element(t));
  const base = scalars.has(name) ? (tsScalar[name] ?? 'number') : name;
  if (t.startsWith('[]')) return `${base}[]`;
  if (t.startsWith('{}')) return `Record<string, ${base}>`;
  return isMessage ? `${base} | null` : base;
}
const out = [
  '/**',
  ' * The messages of the CRI (runtime.v1) as they are after decoding: scalars carry their proto3',
  ' * defaults, an absent message is null, 64-bit numbers are numbers (nanoseconds lose their last',
  ' * bits). Made by hack/generate-cri.ts; do not edit.',
  ' */',
  '',
];
for (const [name, values] of Object.entries(tableEnums)) {
  const entries = Object.entries(values!).map(([k, v]) => `  ${k}: ${v},`);
  out.push(`export const ${name} = {`, ...entries, '} as const;');
  out.push(`export type ${name} = (typeof ${name})[keyof typeof ${name}];`, '');
}
for (const name of ordered) {
  const fields = messages.get(name)!.map((f) => `  ${camel(f.n)}: ${tsType(f.t)};`);
  if (fields.length === 0) out.push(`export type ${name} = Record<string, never>;`, '');
  else out.push(`export interface ${name} {`, ...fields, '}', '');
}
out.push('/** Service, method: [request, response, "s" when the answer streams]. */');
out.push('export interface Methods {');
for (const [service, methods] of Object.entries(services)) {
  out.push(`  ${service}: {`);
  for (const [m, [i, o]] of Object.entries(methods)) {
    out.push(`    ${m}: { request: ${i}; response: ${o} };`);
  }
  out.push('  };');
}
out.push('}', '');
writeFileSync(new URL('messages.ts', target), out.join('\n'));
