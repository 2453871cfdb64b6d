/** A pod as the scheduler looks at it: the object and what is worked out from it, once. */
import type { Pod, Toleration } from '../../machinery/schema/wire.ts';
import { type AffinityTerms, affinityTermsOf } from './affinity-terms.ts';
import { type HostPort, hostPortsOf } from './host-ports.ts';
import { type PodRequests, podRequests } from './requests.ts';

const noLabels: Record<string, string> = {};
const noTolerations: readonly Toleration[] = [];

/** Read-only; a changed pod gets a new one. */
export class PodInfo {
  readonly pod: Pod;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly priority: number;
  readonly tolerations: readonly Toleration[];
  readonly requests: PodRequests;
  readonly hostPorts: readonly HostPort[];
  /** Names of the claims its volumes use, generic ephemeral volumes included. */
  readonly claims: readonly string[];
  readonly hasAffinity: boolean;
  #terms: AffinityTerms | undefined;

  constructor(pod: Pod, requests: PodRequests = podRequests(pod)) {
    this.pod = pod;
    this.uid = pod.metadata?.uid ?? '';
    this.namespace = pod.metadata?.namespace ?? '';
    this.name = pod.metadata?.name ?? '';
    this.labels = pod.metadata?.labels ?? noLabels;
    this.priority = pod.spec?.priority ?? 0;
    this.tolerations = pod.spec?.tolerations ?? noTolerations;
    this.requests = requests;
    this.hostPorts = hostPortsOf(pod);
    this.claims = claimsOf(pod);
    const affinity = pod.spec?.affinity;
    this.hasAffinity =
      affinity?.podAffinity !== undefined || affinity?.podAntiAffinity !== undefined;
  }

  /** `namespace/name`. */
  get key(): string {
    return `${this.namespace}/${this.name}`;
  }

  get nodeName(): string {
    return this.pod.spec?.nodeName ?? '';
  }

  get nominatedNodeName(): string {
    return this.pod.status?.nominatedNodeName ?? '';
  }

  /** Its affinity terms, parsed on first use; throws when a selector is malformed. */
  get affinity(): AffinityTerms {
    this.#terms ??= affinityTermsOf(this.pod);
    return this.#terms;
  }

  /** The same pod as if bound to a node. */
  onNode(nodeName: string): PodInfo {
    const bound = { ...this.pod, spec: { ...this.pod.spec!, nodeName } };
    const info = new PodInfo(bound, this.requests);
    info.#terms = this.#terms;
    return info;
  }
}

function claimsOf(pod: Pod): readonly string[] {
  let claims: string[] | undefined;
  for (const volume of pod.spec?.volumes ?? []) {
    const name =
      volume.persistentVolumeClaim !== undefined
        ? volume.persistentVolumeClaim.claimName
        : volume.ephemeral !== undefined
          ? `${pod.metadata?.name ?? ''}-${volume.name}`
          : undefined;
    if (name === undefined) continue;
    claims ??= [];
    claims.push(name);
  }
  return claims ?? noClaims;
}

const noClaims: readonly string[] = [];
