/** DenyServiceExternalIPs: no service takes an address that it does not already have. */
import type { Service } from '../../machinery/schema/wire.ts';
import type { AdmissionPlugin } from './admission.ts';
import { isCore, refused } from './refusal.ts';

export const denyServiceExternalIps: AdmissionPlugin = {
  name: 'DenyServiceExternalIPs',
  handles: (a) => (a.operation === 'CREATE' || a.operation === 'UPDATE') && isCore(a, 'services'),
  validate(a) {
    const known = new Set((a.oldObject as Service | undefined)?.spec?.externalIPs);
    const wanted = (a.object as Service).spec?.externalIPs ?? [];
    if (wanted.every((ip) => known.has(ip))) return;
    throw refused(a, 'Use of external IPs is denied by admission control');
  },
};
