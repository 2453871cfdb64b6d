/** Reading kubeconfigs: fields with their types, and what a user proves itself with. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export type Fields = Readonly<Record<string, unknown>>;

/** How this server proves itself. */
export interface Credentials {
  readonly cert?: string;
  readonly key?: string;
  /** The value of an Authorization header, read again with each call. */
  authorization?(): string;
}

const userFields = new Set([
  'client-certificate',
  'client-certificate-data',
  'client-key',
  'client-key-data',
  'token',
  'tokenFile',
  'username',
  'password',
  'extensions',
]);

/** The credentials of a user entry; paths are relative to `folder`. Throws an Error. */
export function credentialsOf(user: Fields, folder: string): Credentials {
  refuseOthers(user, userFields, 'user');
  const cert = contentOf(user, 'client-certificate', folder);
  const key = contentOf(user, 'client-key', folder);
  if ((cert === undefined) !== (key === undefined)) {
    throw new Error('client-certificate and client-key must be given together');
  }
  const authorization = authorizationOf(user, folder);
  return {
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(authorization === undefined ? {} : { authorization }),
  };
}

function authorizationOf(user: Fields, folder: string): (() => string) | undefined {
  const file = textOf(user, 'tokenFile');
  if (file !== undefined) {
    const path = resolve(folder, file);
    return () => `Bearer ${readFileSync(path, 'utf8').trim()}`;
  }
  const token = textOf(user, 'token');
  if (token !== undefined) return () => `Bearer ${token}`;
  const name = textOf(user, 'username');
  if (name === undefined) return undefined;
  const pair = Buffer.from(`${name}:${textOf(user, 'password') ?? ''}`).toString('base64');
  return () => `Basic ${pair}`;
}

/** Throws for fields that are not acted on. */
export function refuseOthers(fields: Fields, known: ReadonlySet<string>, what: string): void {
  const other = Object.keys(fields).find((name) => !known.has(name));
  if (other !== undefined) throw new Error(`${what}: ${other} is not supported`);
}

/** The entries of a named list (`users` of `user`), by name. */
export function entriesOf(kubeconfig: Fields, list: string, member: string): Map<string, Fields> {
  const all = kubeconfig[list];
  const out = new Map<string, Fields>();
  for (const entry of Array.isArray(all) ? (all as unknown[]) : []) {
    const fields = fieldsOf(entry, list);
    out.set(textOf(fields, 'name') ?? '', fieldsOf(fields[member] ?? {}, member));
  }
  return out;
}

/** Throws for what is no object. */
export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Error(`${what}: must be an object`);
}

/** Undefined when absent or empty. */
export function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new Error(`${name}: must be a string`);
  return value;
}

/** What `NAME-data` holds, or the file that `NAME` names. */
export function contentOf(fields: Fields, name: string, folder: string): string | undefined {
  const data = textOf(fields, `${name}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const file = textOf(fields, name);
  return file === undefined ? undefined : readFileSync(resolve(folder, file), 'utf8');
}
