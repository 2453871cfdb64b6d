/** The parameters of operations: types by name, descriptions from the client package. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A parameter's type as JSON schema has it. */
export type ParameterType = 'string' | 'boolean' | 'integer';

const types: Readonly<Record<string, ParameterType>> = {
  allowWatchBookmarks: 'boolean',
  follow: 'boolean',
  force: 'boolean',
  gracePeriodSeconds: 'integer',
  ignoreStoreReadErrorWithClusterBreakingPotential: 'boolean',
  insecureSkipTLSVerifyBackend: 'boolean',
  limit: 'integer',
  limitBytes: 'integer',
  orphanDependents: 'boolean',
  ports: 'integer',
  previous: 'boolean',
  sendInitialEvents: 'boolean',
  sinceSeconds: 'integer',
  stderr: 'boolean',
  stdin: 'boolean',
  stdout: 'boolean',
  tailLines: 'integer',
  timeoutSeconds: 'integer',
  timestamps: 'boolean',
  tty: 'boolean',
  watch: 'boolean',
};

/** The type of a query or path parameter. */
export function parameterType(name: string): ParameterType {
  return types[name] ?? 'string';
}

/** Descriptions by name, read from a declaration file of the client package. */
export class ParameterTexts {
  private common: ReadonlyMap<string, string> | undefined;
  private ofPods: ReadonlyMap<string, string> | undefined;

  /** The description of a parameter; '' when there is none. */
  text(name: string): string {
    this.common ??= readTexts('PolicyV1Api');
    const found = this.common.get(name);
    if (found !== undefined) return found;
    // A big file, which only the core group's operations ask for.
    this.ofPods ??= readTexts('CoreV1Api');
    return this.ofPods.get(name) ?? '';
  }
}

function readTexts(api: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve('@kubernetes/client-node')), 'gen/apis');
  const source = readFileSync(join(folder, `${api}.d.ts`), 'utf8');
  for (const m of source.matchAll(/\* @param (\w+) (.+)/g)) {
    const [, name = '', text = ''] = m;
    const own = name.replace(/^_/, '');
    if (!texts.has(own)) texts.set(own, plainText(text));
  }
  return texts;
}

const entities: Readonly<Record<string, string>> = {
  '&#39;': "'",
  '&#x60;': '`',
  '&#x3D;': '=',
  '&quot;': '"',
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
};

/** Undoes the escapes of the client package's generator. */
function plainText(text: string): string {
  return text.replace(/\\?(&#?\w+;)/g, (all, entity: string) => entities[entity] ?? all).trim();
}
