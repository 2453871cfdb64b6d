/**
 * Remembers what the certificates were made for, so that a start that needs no new ones does not
 * load the code that makes them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { ClusterSettings, Layout } from './layout.ts';

interface Stamp {
  readonly madeFor: string;
  readonly renewAtMs: number;
}

const stampFile = (layout: Layout) => layout.pki('made.json');

/** Raised when certificates are made for other subjects than before: old ones are then looked at. */
const edition = 2;

/** What the certificates and kubeconfigs depend on. */
function madeFor(settings: ClusterSettings): string {
  const { nodeName, nodeIp, clusterDomain, serviceCidr, securePort, kubeconfig } = settings;
  return JSON.stringify([
    edition,
    nodeName,
    nodeIp,
    clusterDomain,
    serviceCidr,
    securePort,
    kubeconfig,
  ]);
}

/** True when all was made for these settings and holds for a while. */
export function certificatesAreGood(settings: ClusterSettings, layout: Layout): boolean {
  try {
    const stamp = JSON.parse(readFileSync(stampFile(layout), 'utf8')) as Stamp;
    readFileSync(settings.kubeconfig);
    return stamp.madeFor === madeFor(settings) && stamp.renewAtMs > Date.now();
  } catch {
    // No stamp, or no kubeconfig: they have to be looked at.
    return false;
  }
}

/** Says that all is made, and when the first has to be made again. */
export function stampCertificates(
  settings: ClusterSettings,
  layout: Layout,
  renewAtMs: number,
): void {
  const stamp: Stamp = { madeFor: madeFor(settings), renewAtMs };
  writeFileSync(stampFile(layout), `${JSON.stringify(stamp)}\n`);
}
