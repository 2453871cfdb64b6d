/**
 * Files that say how to reach a webhook: kubeconfigs, whose cluster is the webhook and whose user
 * is this server.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { decodeYaml } from '../../machinery/codec/yaml.ts';

/** How to reach one webhook, and how this server proves itself to it. */
export interface WebhookConfig {
  readonly url: URL;
  /** PEM; undefined: the authorities of the system. */
  readonly ca?: string;
  readonly insecure: boolean;
  readonly serverName?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The value of an Authorization header, read again with each call. */
  authorization?(): string;
}

type Fields = Readonly<Record<string, unknown>>;

const clusterFields = new Set([
  'server',
  'certificate-authority',
  'certificate-authority-data',
  'insecure-skip-tls-verify',
  'tls-server-name',
  'disable-compression',
  'extensions',
]);
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

/** Reads the current context. Throws an Error that names the file and what is wrong. */
export function readWebhookConfig(file: string): WebhookConfig {
  try {
    const { value } = decodeYaml(readFileSync(file));
    return configOf(fieldsOf(value, 'the file'), dirname(file));
  } catch (e) {
    throw new Error(`webhook configuration ${file}: ${(e as Error).message}`);
  }
}

function configOf(kubeconfig: Fields, folder: string): WebhookConfig {
  const current = textOf(kubeconfig, 'current-context') ?? '';
  if (current === '') throw new Error('current-context is not set');
  const context = entry(kubeconfig, 'contexts', 'context', current);
  const cluster = entry(kubeconfig, 'clusters', 'cluster', textOf(context, 'cluster') ?? '');
  const userName = textOf(context, 'user') ?? '';
  const user = userName === '' ? {} : entry(kubeconfig, 'users', 'user', userName);
  refuseOthers(cluster, clusterFields, 'cluster');
  refuseOthers(user, userFields, 'user');
  const server = textOf(cluster, 'server') ?? '';
  if (!/^https?:\/\//.test(server) || !URL.canParse(server)) {
    throw new Error(`server: ${JSON.stringify(server)} is not a URL of http or https`);
  }
  const ca = contentOf(cluster, 'certificate-authority', folder);
  const cert = contentOf(user, 'client-certificate', folder);
  const key = contentOf(user, 'client-key', folder);
  if ((cert === undefined) !== (key === undefined)) {
    throw new Error('client-certificate and client-key must be given together');
  }
  const insecure = cluster['insecure-skip-tls-verify'] === true;
  if (insecure && ca !== undefined) {
    throw new Error('certificate-authority and insecure-skip-tls-verify exclude each other');
  }
  const serverName = textOf(cluster, 'tls-server-name');
  const authorization = authorizationOf(user, folder);
  return {
    url: new URL(server),
    insecure,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
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

function refuseOthers(fields: Fields, known: ReadonlySet<string>, what: string): void {
  const other = Object.keys(fields).find((name) => !known.has(name));
  if (other !== undefined) throw new Error(`${what}: ${other} is not supported`);
}

/** An entry of one of the named lists. */
function entry(kubeconfig: Fields, list: string, member: string, name: string): Fields {
  const all = kubeconfig[list];
  const found = (Array.isArray(all) ? (all as unknown[]) : []).find(
    (e) => fieldsOf(e, list)['name'] === name,
  );
  if (found === undefined) throw new Error(`${member} ${JSON.stringify(name)} does not exist`);
  return fieldsOf(fieldsOf(found, list)[member] ?? {}, member);
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Error(`${what}: must be an object`);
}

function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new Error(`${name}: must be a string`);
  return value;
}

/** What `NAME-data` holds, or the file that `NAME` names. */
function contentOf(fields: Fields, name: string, folder: string): string | undefined {
  const data = textOf(fields, `${name}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const file = textOf(fields, name);
  return file === undefined ? undefined : readFileSync(resolve(folder, file), 'utf8');
}
