/** v1 ServiceAccount. Its `token` subresource is handled apart. */
import type { ServiceAccount } from '../../../machinery/schema/wire.ts';
import { ageColumn } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';

const enforceMountableSecrets = 'kubernetes.io/enforce-mountable-secrets';

export const serviceAccounts = defineResource<ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  namespaced: true,
  metadataChecks: ['change', 'whole'],
  deleteReturnsObject: true,
  prepareForCreate: cleanSecretReferences,
  prepareForUpdate: cleanSecretReferences,
  warnings: (next, prev) => {
    const had = prev?.metadata?.annotations?.[enforceMountableSecrets] !== undefined;
    if (had || next.metadata?.annotations?.[enforceMountableSecrets] === undefined) return [];
    return [
      `metadata.annotations[${enforceMountableSecrets}]: deprecated in v1.32+; prefer separate ` +
        'namespaces to isolate access to mounted secrets',
    ];
  },
  columns: [nameColumn(), ageColumn()],
});

/** Of a reference only the name counts. */
function cleanSecretReferences(account: ServiceAccount): void {
  if (account.secrets === undefined) return;
  account.secrets = account.secrets.map((s) => (s.name ? { name: s.name } : {}));
}
