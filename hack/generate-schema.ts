/**
 * Writes machinery/schema/table.json from the facts about API v1.36:
 *
 *   node hack/generate-schema.ts <facts folder>
 *
 * The table keeps one type per line, so that a change of the API reads as a diff.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const facts = process.argv[2];
if (facts === undefined) {
  console.error('usage: node hack/generate-schema.ts <facts folder>');
  process.exit(2);
}

const read = (name: string): Record<string, Record<string, unknown>> =>
  JSON.parse(readFileSync(join(facts, name), 'utf8'));
const types = read('types.json');
const defaults = read('defaults.json');

function section(name: string, value: Record<string, unknown>): string {
  const lines = Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`);
  return `${JSON.stringify(name)}:{\n${lines.join(',\n')}\n}`;
}

const out = [
  section('packages', types['packages']!),
  section('kinds', types['kinds']!),
  section('enums', types['enums']!),
  section('consts', types['consts']!),
  section('types', types['types']!),
];
const target = new URL('../machinery/schema/', import.meta.url);
writeFileSync(new URL('table.json', target), `{\n${out.join(',\n')}\n}\n`);
writeFileSync(
  new URL('defaults.json', target),
  `{\n${Object.entries(defaults)
    .filter(([k]) => k !== 'k8s')
    .map(([k, v]) =>
      typeof v === 'object' && !Array.isArray(v)
        ? section(k, v)
        : `${JSON.stringify(k)}:${JSON.stringify(v)}`,
    )
    .join(',\n')}\n}\n`,
);
