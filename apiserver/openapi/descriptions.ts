/**
 * Descriptions of types and fields, read from the declaration files of `@kubernetes/client-node`
 * when first asked for. The project itself holds none of these texts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

interface Documented {
  /** Of the type itself. */
  readonly description: string;
  /** By JSON name. */
  readonly fields: ReadonlyMap<string, string>;
}

const nothing: Documented = { description: '', fields: new Map() };
const read = new Map<string, Documented>();
let folder: string | undefined;

/** The description of `core/v1.Pod.spec`; '' when there is none. */
export function fieldDescription(path: string): string {
  const dot = path.lastIndexOf('.');
  return documented(path.slice(0, dot)).fields.get(path.slice(dot + 1)) ?? '';
}

/** The description of a type such as `core/v1.Pod`; '' when there is none. */
export function typeDescription(typeId: string): string {
  return documented(typeId).description;
}

/** Both for one type: cheaper than asking field by field. */
export function documented(typeId: string): Documented {
  let found = read.get(typeId);
  if (found === undefined) {
    const file = modelFile(typeId);
    found = file === undefined ? nothing : parse(readFileSync(file, 'utf8'));
    read.set(typeId, found);
  }
  return found;
}

/** `core/v1.Pod` is V1Pod; names that several groups use carry the group: CoreV1Event. */
function modelFile(typeId: string): string | undefined {
  if (folder === undefined) {
    const require = createRequire(import.meta.url);
    folder = join(dirname(require.resolve('@kubernetes/client-node')), 'gen/models');
  }
  const m = /^(\w+)\/(v\w+)\.(\w+)$/.exec(typeId);
  if (m === null) return undefined;
  const [, group, version, name] = m;
  const upper = (s: string) => s.charAt(0).toUpperCase() + s.slice(1);
  for (const model of [`${upper(group!)}${upper(version!)}${name}`, `${upper(version!)}${name}`]) {
    const file = join(folder, `${model}.d.ts`);
    if (existsSync(file)) return file;
  }
  return undefined;
}

function parse(text: string): Documented {
  const fields = new Map<string, string>();
  let description = '';
  const pattern =
    /\/\*\*\n((?:\s*\*(?!\/)[^\n]*\n)*)\s*\*\/\s*(?:export declare class (\w+)|'([^']+)'\??:)/g;
  for (const m of text.matchAll(pattern)) {
    const lines = m[1]!.split('\n').map((l) => l.replace(/^\s*\* ?/, ''));
    const body = plainText(lines.join('\n').trim());
    if (m[2] !== undefined) description = body;
    else fields.set(m[3]!.replace(/^_(?=[a-z])/, ''), body);
  }
  return { description, fields };
}

/**
 * Undoes what the client package's generator did: escapes, and paragraphs put on one line. Two
 * spaces were a break, unless the author ends all sentences with two.
 */
function plainText(text: string): string {
  const plain = text
    .replaceAll('*\\/', '*/')
    .replace(/\\(['"\\`])/g, '$1')
    .replace(/(?<=\S) {3}(?=[*-] )/g, '\n  ');
  return /\. (?=[A-Z])/.test(plain) ? plain.replace(/(?<=\S) {2}(?=\S)/g, '\n\n') : plain;
}
