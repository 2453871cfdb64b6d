/**
 * The token controller: fills Secrets of type kubernetes.io/service-account-token and deletes
 * them with their account.
 */
import { secrets as secretResource, serviceAccounts } from '../../client/resources.ts';
import { keyOf, splitKey } from '../../client/store.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type { Secret, ServiceAccount } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController } from '../controller.ts';
import { LegacyTokenSigner } from './legacy-token.ts';

const type = 'kubernetes.io/service-account-token';
const nameAnnotation = 'kubernetes.io/service-account.name';
const uidAnnotation = 'kubernetes.io/service-account.uid';

export const serviceAccountTokenController = defineController({
  name: 'serviceaccount-token-controller',
  aliases: ['serviceaccount-token'],
  missing: (options) =>
    options.serviceAccountPrivateKey === undefined
      ? '--service-account-private-key-file is not given'
      : undefined,
  setup,
});

/** The secret with what it lacks; the same secret when it lacks nothing. */
export function filledSecret(
  secret: Secret,
  account: ServiceAccount,
  rootCa: string | undefined,
  makeToken: () => string,
): Secret {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const data = { ...secret.data };
  if (rootCa !== undefined) data['ca.crt'] = base64(rootCa);
  if ((data['namespace'] ?? '') === '')
    data['namespace'] = base64(secret.metadata?.namespace ?? '');
  if ((data['token'] ?? '') === '') data['token'] = base64(makeToken());
  const same = ['ca.crt', 'namespace', 'token'].every((k) => data[k] === secret.data?.[k]);
  if (same) return secret;
  const annotations = {
    ...secret.metadata?.annotations,
    [nameAnnotation]: account.metadata?.name ?? '',
    [uidAnnotation]: account.metadata?.uid ?? '',
  };
  return { ...secret, metadata: { ...secret.metadata, annotations }, data };
}

function setup(context: ControllerContext): void {
  const { client, options } = context;
  const signer = new LegacyTokenSigner(options.serviceAccountPrivateKey ?? '');
  const accounts = context.informer(serviceAccounts);
  const secrets = context.informer(secretResource, { fieldSelector: `type=${type}` });
  const byAccount = 'account';
  secrets.addIndex(byAccount, (s) => [
    `${s.metadata?.namespace}/${s.metadata?.annotations?.[nameAnnotation] ?? ''}`,
  ]);
  const queue = context.queue({ workers: options.concurrentServiceAccountTokenSyncs, reconcile });
  const wakeSecrets = (account: ServiceAccount): void => {
    for (const secret of secrets.store.byIndex(byAccount, keyOf(account))) queue.add(keyOf(secret));
  };
  accounts.addHandler({ added: wakeSecrets, deleted: wakeSecrets });
  secrets.addHandler({
    added: (s) => queue.add(keyOf(s)),
    updated: (_, s) => queue.add(keyOf(s)),
    deleted: (s) => void queue.add(keyOf(s)),
  });

  async function reconcile(key: string, signal: AbortSignal): Promise<undefined> {
    const secret = secrets.store.byKey(key);
    if (secret === undefined) {
      await dropReferences(key, signal);
      return;
    }
    const { namespace, name = '', uid } = secret.metadata ?? {};
    const account = await accountOf(secret, signal);
    try {
      if (account === undefined) {
        const precondition = uid === undefined ? {} : { uid };
        await client.delete(secretResource, { namespace, name }, { ...precondition, signal });
        return;
      }
      const filled = filledSecret(secret, account, options.rootCa, () =>
        signer.sign(account, secret),
      );
      if (filled !== secret) await client.update(secretResource, filled, { signal });
    } catch (e) {
      // Changed or gone meanwhile: there is an event for that.
      if (!hasReason(e, 'Conflict', 'NotFound')) throw e;
    }
  }

  /** The account a secret names; asked for at the server before a token is thrown away. */
  async function accountOf(
    secret: Secret,
    signal: AbortSignal,
  ): Promise<ServiceAccount | undefined> {
    const { namespace, annotations } = secret.metadata ?? {};
    const name = annotations?.[nameAnnotation] ?? '';
    const uid = annotations?.[uidAnnotation] ?? '';
    const fits = (a: ServiceAccount | undefined): boolean =>
      a !== undefined && (uid === '' || uid === a.metadata?.uid);
    const cached = accounts.store.get(namespace, name);
    if (fits(cached)) return cached;
    if (name === '') return undefined;
    try {
      const live = await client.get(serviceAccounts, { namespace, name }, { signal });
      return fits(live) ? live : undefined;
    } catch (e) {
      if (hasReason(e, 'NotFound')) return undefined;
      throw e;
    }
  }

  /** A token secret is gone: accounts that list it must not. */
  async function dropReferences(key: string, signal: AbortSignal): Promise<void> {
    const { namespace = '', name } = splitKey(key);
    for (const cached of accounts.store.list(namespace)) {
      if (!cached.secrets?.some((s) => s.name === name)) continue;
      const live = { namespace, name: cached.metadata?.name ?? '' };
      try {
        const account = await client.get(serviceAccounts, live, { signal });
        const kept = (account.secrets ?? []).filter((s) => s.name !== name);
        await client.update(serviceAccounts, { ...account, secrets: kept }, { signal });
      } catch (e) {
        if (!hasReason(e, 'NotFound')) throw e;
      }
    }
  }
}
