/** The host name and domain of a pod (API reference, `hostname`, `subdomain`, setHostnameAsFQDN). */
import { quote } from '../../machinery/meta/field-error.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../machinery/meta/names.ts';
import type { NodePod } from '../pods/pod.ts';

/** What the kernel takes, without the ending zero. */
const maxLength = 63;
const maxFqdnLength = 64;

function truncate(podName: string, name: string): string {
  if (name.length <= maxLength) return name;
  // A host name must not end with these.
  const short = name.slice(0, maxLength).replace(/[-.]+$/, '');
  if (short === '')
    throw new Error(`hostname for pod ${quote(podName)} was invalid: ${quote(name)}`);
  return short;
}

export interface PodHostname {
  readonly hostname: string;
  /** `sub.namespace.svc.cluster.local`, '' without a subdomain. */
  readonly domain: string;
}

/** Throws for names that are no DNS labels: the API refuses them, static manifests may not. */
export function podHostname(pod: NodePod, clusterDomain: string): PodHostname {
  const { hostname, subdomain, hostnameOverride } = pod.spec;
  const podName = pod.metadata.name;
  if (hostnameOverride !== undefined) {
    const problems = isDns1123Subdomain(hostnameOverride);
    if (problems.length > 0) {
      throw new Error(
        `pod HostnameOverride ${quote(hostnameOverride)} is not a valid DNS subdomain: ${problems.join(';')}`,
      );
    }
    return { hostname: truncate(podName, hostnameOverride), domain: '' };
  }
  const checked = (what: string, value: string): void => {
    const problems = isDns1123Label(value);
    if (problems.length === 0) return;
    throw new Error(`pod ${what} ${quote(value)} is not a valid DNS label: ${problems.join(';')}`);
  };
  if (hostname) checked('Hostname', hostname);
  if (subdomain) checked('Subdomain', subdomain);
  const domain = subdomain ? `${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}` : '';
  return { hostname: truncate(podName, hostname || podName), domain };
}

/** What the kernel is told: the short name, or all of it when the pod wants its FQDN there. */
export function kernelHostname({ hostname, domain }: PodHostname, asFqdn: boolean): string {
  if (!asFqdn || domain === '') return hostname;
  const fqdn = `${hostname}.${domain}`;
  if (fqdn.length > maxFqdnLength) {
    throw new Error(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${fqdn} is too long (${maxFqdnLength} characters is the max, ${fqdn.length} characters requested)`,
    );
  }
  return fqdn;
}
