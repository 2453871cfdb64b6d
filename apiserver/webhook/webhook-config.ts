/**
 * Files that say how to reach a webhook: kubeconfigs, whose cluster is the webhook and whose user
 * is this server.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { decodeYaml } from '../../machinery/codec/yaml.ts';
import {
  type Credentials,
  contentOf,
  credentialsOf,
  entriesOf,
  type Fields,
  fieldsOf,
  refuseOthers,
  textOf,
} from './kubeconfig-fields.ts';

/** How to reach one webhook, and how this server proves itself to it. */
export interface WebhookConfig extends Credentials {
  readonly url: URL;
  /** PEM; undefined: the authorities of the system. */
  readonly ca?: string;
  readonly insecure: boolean;
  readonly serverName?: string;
}

const clusterFields = new Set([
  'server',
  'certificate-authority',
  'certificate-authority-data',
  'insecure-skip-tls-verify',
  'tls-server-name',
  'disable-compression',
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
  const server = textOf(cluster, 'server') ?? '';
  if (!/^https?:\/\//.test(server) || !URL.canParse(server)) {
    throw new Error(`server: ${JSON.stringify(server)} is not a URL of http or https`);
  }
  const ca = contentOf(cluster, 'certificate-authority', folder);
  const insecure = cluster['insecure-skip-tls-verify'] === true;
  if (insecure && ca !== undefined) {
    throw new Error('certificate-authority and insecure-skip-tls-verify exclude each other');
  }
  const serverName = textOf(cluster, 'tls-server-name');
  return {
    url: new URL(server),
    insecure,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    ...credentialsOf(user, folder),
  };
}

/** An entry of one of the named lists. */
function entry(kubeconfig: Fields, list: string, member: string, name: string): Fields {
  const found = entriesOf(kubeconfig, list, member).get(name);
  if (found === undefined) throw new Error(`${member} ${JSON.stringify(name)} does not exist`);
  return found;
}
