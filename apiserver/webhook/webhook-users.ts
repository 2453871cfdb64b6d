/**
 * A kubeconfig that says how this server proves itself to webhooks: users are named by the host
 * that they are for (k8s.io/apiserver/pkg/util/webhook: authentication.go).
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { decodeYaml } from '../../machinery/codec/yaml.ts';
import {
  type Credentials,
  credentialsOf,
  entriesOf,
  fieldsOf,
  textOf,
} from './kubeconfig-fields.ts';

/** The credentials for a host with its port, such as `name.namespace.svc:443`. */
export type CredentialsFor = (hostPort: string) => Credentials;

/** Nobody in particular, wherever. */
export const anonymous: CredentialsFor = () => ({});

/** Reads the file. Throws an Error that names it and what is wrong. */
export function readWebhookUsers(file: string): CredentialsFor {
  try {
    const kubeconfig = fieldsOf(decodeYaml(readFileSync(file)).value, 'the file');
    const users = new Map<string, Credentials>();
    for (const [name, user] of entriesOf(kubeconfig, 'users', 'user')) {
      users.set(name, credentialsOf(user, dirname(file)));
    }
    const context = entriesOf(kubeconfig, 'contexts', 'context').get(
      textOf(kubeconfig, 'current-context') ?? '',
    );
    const common = users.get('*') ?? users.get(textOf(context ?? {}, 'user') ?? '') ?? {};
    return (hostPort) => namedFor(users, hostPort) ?? common;
  } catch (e) {
    throw new Error(`${file}: ${(e as Error).message}`);
  }
}

/** By the exact name, then by the longest domain under a star; the usual port may be left out. */
function namedFor(users: ReadonlyMap<string, Credentials>, hostPort: string) {
  const withoutPort = hostPort.endsWith(':443') ? hostPort.slice(0, -4) : undefined;
  for (const target of [hostPort, withoutPort]) {
    if (target === undefined) continue;
    const exact = users.get(target);
    if (exact !== undefined) return exact;
    const steps = target.split('.');
    for (let i = 1; i < steps.length; i++) {
      const found = users.get(`*.${steps.slice(i).join('.')}`);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
