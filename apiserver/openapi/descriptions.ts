/**
 * Descriptions of types and fields, read from the declaration files of `kubernetes-models` and
 * `@kubernetes-models/apimachinery` when first asked for. The project itself holds none of these
 * texts.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { structType } from '../../machinery/schema/schema.ts';

interface Documented {
  /** Of the type itself. */
  readonly description: string;
  /** By JSON name. */
  readonly fields: ReadonlyMap<string, string>;
}

const nothing: Documented = { description: '', fields: new Map() };
const read = new Map<string, Documented>();

/**
 * The description of `core/v1.Pod.spec` in prose, without the values it may take; '' when there is
 * none.
 */
export function fieldDescription(path: string): string {
  const dot = path.lastIndexOf('.');
  const text = documented(path.slice(0, dot)).fields.get(path.slice(dot + 1)) ?? '';
  return text.replace(/\n+Possible enum values:\n.*$/s, '');
}

/**
 * The descriptions of a type such as `core/v1.Pod`, or of one that is named as OpenAPI does, such
 * as `io.k8s.apimachinery.pkg.apis.meta.v1.Time`. Fields of a closed set end with its values.
 */
export function documented(type: string): Documented {
  let found = read.get(type);
  if (found === undefined) {
    const name = type.includes('/') ? structType(type).openapiName : type;
    const file = declarationFile(name);
    found = file === undefined ? nothing : parse(readFileSync(file, 'utf8'));
    if (name !== anyKind) found = withTypeMeta(found, documented(anyKind));
    read.set(type, found);
  }
  return found;
}

/** A type whose kind and apiVersion are described: they are so for all types with one text. */
const anyKind = 'io.k8s.apimachinery.pkg.apis.meta.v1.APIGroup';

function withTypeMeta(own: Documented, { fields }: Documented): Documented {
  const typeMeta = [...fields].filter(([name]) => name === 'kind' || name === 'apiVersion');
  return { ...own, fields: new Map([...typeMeta, ...own.fields]) };
}

const apiType = /^io\.k8s\.(?:api|[\w-]+\.pkg\.apis)\.(\w+)\.(\w+)\.(\w+)$/;
const machineryType = /^io\.k8s\.apimachinery\.pkg\.([\w.]+)\.(\w+)$/;

/** Folders are named by the full group name, of which a type's name has the first part. */
function declarationFile(name: string): string | undefined {
  const machinery = machineryType.exec(name);
  if (machinery !== null) {
    const [, path, type] = machinery;
    return present('@kubernetes-models/apimachinery', `${path!.replaceAll('.', '/')}/${type}`);
  }
  const [, group, version, type] = apiType.exec(name) ?? [];
  if (group === undefined) return undefined;
  const folder = group === 'core' ? '' : groupFolders().get(group);
  if (folder === undefined) return undefined;
  return present('kubernetes-models', `${folder}${version}/${type}`);
}

function present(packageName: string, path: string): string | undefined {
  const file = join(packageFolder(packageName), `${path}.d.ts`);
  return existsSync(file) ? file : undefined;
}

function packageFolder(name: string): string {
  return dirname(fileURLToPath(import.meta.resolve(name)));
}

let folders: ReadonlyMap<string, string> | undefined;

function groupFolders(): ReadonlyMap<string, string> {
  folders ??= new Map(
    readdirSync(packageFolder('kubernetes-models')).map((f) => [f.split('.')[0]!, `${f}/`]),
  );
  return folders;
}

function parse(text: string): Documented {
  const fields = new Map<string, string>();
  let description = '';
  const pattern =
    /\/\*\*\n((?:\s*\*(?!\/)[^\n]*\n)*)\s*\*\/\s*(?:export (?:interface|type) \w|"([^"]+)"\??:)/g;
  for (const m of text.matchAll(pattern)) {
    const lines = m[1]!.replace(/\n$/, '').split('\n');
    const body = plainText(lines.map((l) => l.replace(/^\s*\* ?/, '')).join('\n'));
    if (m[2] === undefined) description = body;
    else fields.set(m[2], body);
  }
  return { description, fields };
}

/** Undoes what the package's generator did. */
function plainText(text: string): string {
  return text
    .replaceAll('*\\/', '*/')
    .replaceAll('\\*', '*')
    .replace(/\n@deprecated$/, '')
    .trimEnd();
}
