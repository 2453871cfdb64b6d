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

/** What of an operation its parameters' descriptions depend on. */
export interface ParameterContext {
  readonly operationId: string;
  readonly method: string;
  readonly kind: { readonly kind: string };
}

type ByName = ReadonlyMap<string, string>;

/** Descriptions by name, read from declaration files of the client package. */
export class ParameterTexts {
  private common: { ofAll: ByName; ofPatch: ByName } | undefined;
  private ofConnections: ReadonlyMap<string, ByName> | undefined;

  /** The description of a parameter; '' when there is none. */
  text(name: string, { operationId, method, kind }: ParameterContext): string {
    if (name === 'name') return `name of the ${kind.kind}`;
    if (/^(connect|readCoreV1NamespacedPodLog$)/.test(operationId)) {
      // A big file, which only the core group's operations ask for.
      this.ofConnections ??= textsByMethod('CoreV1Api', /^(connect|readNamespacedPodLog$)/);
      const called = operationId.replace('CoreV1', '').replace(/WithPath$/, '');
      const own = this.ofConnections.get(called)?.get(name);
      if (own !== undefined) return own;
    }
    this.common ??= commonTexts();
    return (
      (method === 'patch' && this.common.ofPatch.get(name)) || (this.common.ofAll.get(name) ?? '')
    );
  }
}

function commonTexts(): { ofAll: ByName; ofPatch: ByName } {
  const ofAll = new Map<string, string>();
  const ofPatch = new Map<string, string>();
  for (const [method, texts] of textsByMethod('PolicyV1Api', /./)) {
    const manager = texts.get('fieldManager');
    if (method.startsWith('patch') && manager !== undefined) ofPatch.set('fieldManager', manager);
    for (const [name, text] of texts) {
      if (!ofAll.has(name)) ofAll.set(name, withBreaks(text));
    }
  }
  return { ofAll, ofPatch };
}

/** Parameters' descriptions by the client's methods whose names match. */
function textsByMethod(api: string, methods: RegExp): ReadonlyMap<string, ByName> {
  const out = new Map<string, ByName>();
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve('@kubernetes/client-node')), 'gen/apis');
  const source = readFileSync(join(folder, `${api}.d.ts`), 'utf8');
  for (const [, comment = '', method = ''] of source.matchAll(/\/\*\*(.*?)\*\/\s*(\w+)\(/gs)) {
    if (out.has(method) || !methods.test(method)) continue;
    const params = [...comment.matchAll(/\* @param _?(\w+) (.+)/g)];
    out.set(method, new Map(params.map(([, name = '', text = '']) => [name, plainText(text)])));
  }
  return out;
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

/** Puts back the line breaks that the generator made spaces of, by what follows them. */
function withBreaks(text: string): string {
  return text
    .replace(/(?<=\S) {2}(?=[A-Z`]|[a-z]+[A-Z])/g, '\n\n')
    .replace(/(?<=\S) {4}(?=\S)/g, '\n\n  ')
    .replace(/(?<=\S) {3}(?=\S)/g, '\n  ')
    .replace(/(?<=\S) {5}(?=\S)/g, '\n    ')
    .replace(/(?<=\.) (?=- `)/g, '\n');
}
