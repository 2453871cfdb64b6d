/** The downward API: fields and resources of a pod as texts, for variables and files. */
import { quote } from '../../machinery/meta/field-error.ts';
import { isQualifiedName } from '../../machinery/meta/names.ts';
import { parseQuantity } from '../../machinery/meta/quantity.ts';
import type { Container } from '../../machinery/schema/wire.ts';
import { allContainers, type NodePod } from '../pods/pod.ts';
import type { ResourceList } from '../pods/resource-summary.ts';

/** What of a pod only the node knows. */
export interface DownwardFacts {
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
  /** Stands in for limits that are not set. */
  readonly allocatable: ResourceList;
}

/** `key="value"` lines, sorted. */
function formatMap(map: Record<string, string> | undefined): string {
  const keys = Object.keys(map ?? {}).sort();
  return keys.map((k) => `${k}=${quote(map![k]!)}`).join('\n');
}

/** The value of a fieldRef; throws for a path that is not supported. */
export function fieldValue(path: string, pod: NodePod, facts: DownwardFacts): string {
  const subscript = /^(.+?)\['(.*)'\]$/.exec(path);
  if (subscript !== null) return subscripted(path, subscript[1]!, subscript[2]!, pod);
  const m = pod.metadata;
  switch (path) {
    case 'metadata.name':
      return m.name;
    case 'metadata.namespace':
      return m.namespace;
    case 'metadata.uid':
      return m.uid;
    case 'metadata.labels':
      return formatMap(m.labels);
    case 'metadata.annotations':
      return formatMap(m.annotations);
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'status.hostIP':
      return facts.hostIps[0] ?? '';
    case 'status.hostIPs':
      return facts.hostIps.join(',');
    case 'status.podIP':
      return facts.podIps[0] ?? '';
    case 'status.podIPs':
      return facts.podIps.join(',');
    default:
      throw new Error(`unsupported fieldPath: ${path}`);
  }
}

function subscripted(path: string, map: string, key: string, pod: NodePod): string {
  const isLabels = map === 'metadata.labels';
  if (!isLabels && map !== 'metadata.annotations') {
    throw new Error(`fieldPath ${quote(path)} does not support subscript`);
  }
  const problems = isQualifiedName(isLabels ? key : key.toLowerCase());
  if (problems.length > 0) {
    throw new Error(`invalid key subscript in ${path}: ${problems.join(';')}`);
  }
  return (isLabels ? pod.metadata.labels : pod.metadata.annotations)?.[key] ?? '';
}

/** A resourceFieldRef as the API carries it. */
export interface ResourceReference {
  readonly resource: string;
  readonly containerName?: string;
  readonly divisor?: string;
}

const defaulted = new Set(['cpu', 'memory', 'ephemeral-storage']);

/**
 * The value of a resourceFieldRef for `container` (or the one it names), in multiples of the
 * divisor, rounded up. A limit that is not set is the pod's, then the node's allocatable.
 */
export function resourceValue(
  ref: ResourceReference,
  pod: NodePod,
  container: Container | undefined,
  facts: DownwardFacts,
): string {
  let of = container;
  if (ref.containerName) {
    of = allContainers(pod).find((c) => c.name === ref.containerName);
    if (of === undefined) throw new Error(`container ${ref.containerName} not found`);
  }
  const [, kind, name] = /^(limits|requests)\.(.+)$/.exec(ref.resource) ?? [];
  const known = name !== undefined && (defaulted.has(name) || name.startsWith('hugepages-'));
  if (!known) throw new Error(`unsupported container resource : ${ref.resource}`);
  const own = (kind === 'limits' ? of?.resources?.limits : of?.resources?.requests)?.[name];
  let text = String(own ?? '0');
  if (kind === 'limits' && defaulted.has(name) && parseQuantity(text).isZero()) {
    const ofPod = name === 'ephemeral-storage' ? undefined : pod.spec.resources?.limits?.[name];
    const inherited = ofPod !== undefined && !parseQuantity(String(ofPod)).isZero();
    text = String((inherited ? ofPod : facts.allocatable[name]) ?? '0');
  }
  const divisor = parseQuantity(String(ref.divisor ?? '0'));
  const amount = parseQuantity(text);
  const unit = divisor.isZero() ? parseQuantity('1') : divisor;
  const ratio =
    name === 'cpu'
      ? Number(amount.toMillis()) / Number(unit.toMillis())
      : Number(amount.value()) / Number(unit.value());
  return String(Math.ceil(ratio));
}
