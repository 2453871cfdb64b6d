/** The Node object as the kubelet writes it: pure. */
import { Quantity } from '../../machinery/meta/quantity.ts';
import type { Node, NodeCondition, NodeStatus } from '../../machinery/schema/wire.ts';
import type { KubeletConfiguration } from '../config/configuration.ts';
import type { Image } from '../cri/messages.ts';
import { milliOf, type ResourceList, unitsOf } from '../pods/resource-summary.ts';
import type { MachineFacts } from './machine.ts';
import { type Pressure, thresholdAmount } from './pressure.ts';

/** The version that this kubelet stands in for. */
export const kubeletVersion = 'v1.36.2';

const maxNamesPerImage = 5;

/** Upstream's names of what this kubelet does, in order: it translates WebSocket streams itself. */
const declaredFeatures = ['ExtendWebSocketsToKubelet'];

/** What the machine has. */
export function nodeCapacity(
  machine: MachineFacts,
  diskBytes: number,
  configuration: KubeletConfiguration,
): ResourceList {
  const { maxPods, podsPerCore } = configuration;
  const pods = podsPerCore > 0 ? Math.min(maxPods, podsPerCore * machine.cpus) : maxPods;
  const binary = (n: number): string => Quantity.of(Math.floor(n), 'BinarySI').toString();
  return {
    cpu: String(machine.cpus),
    'ephemeral-storage': binary(diskBytes),
    ...Object.fromEntries(
      Object.entries(machine.hugepageBytes).map(([size, bytes]) => [
        `hugepages-${size}`,
        binary(bytes),
      ]),
    ),
    memory: binary(machine.memoryBytes),
    pods: String(pods),
  };
}

/** What of it pods may use: less what is reserved and what eviction keeps free. */
export function nodeAllocatable(
  capacity: ResourceList,
  configuration: KubeletConfiguration,
): ResourceList {
  const { systemReserved, kubeReserved, evictionHard } = configuration;
  const out: Record<string, string> = { ...capacity };
  const kept = (name: string, signal: string): number => {
    const threshold = evictionHard[signal];
    return threshold === undefined ? 0 : thresholdAmount(threshold, unitsOf(capacity, name));
  };
  const cpu =
    milliOf(capacity, 'cpu') - milliOf(systemReserved, 'cpu') - milliOf(kubeReserved, 'cpu');
  out['cpu'] = Quantity.ofMillis(Math.max(0, cpu)).toString();
  let memory =
    unitsOf(capacity, 'memory') -
    unitsOf(systemReserved, 'memory') -
    unitsOf(kubeReserved, 'memory') -
    kept('memory', 'memory.available');
  for (const name of Object.keys(capacity)) {
    if (name.startsWith('hugepages-')) memory -= unitsOf(capacity, name);
  }
  out['memory'] = Quantity.of(Math.max(0, Math.floor(memory)), 'BinarySI').toString();
  const storage = 'ephemeral-storage';
  const disk =
    unitsOf(capacity, storage) -
    unitsOf(systemReserved, storage) -
    unitsOf(kubeReserved, storage) -
    kept(storage, 'nodefs.available');
  out[storage] = String(Math.max(0, Math.ceil(disk)));
  return out;
}

export interface ConditionInput {
  readonly pressures: ReadonlySet<Pressure>;
  /** Why the node is not ready; empty: it is. */
  readonly problems: readonly string[];
}

const pressureTexts: Record<Pressure, { yes: [string, string]; no: [string, string] }> = {
  MemoryPressure: {
    yes: ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
    no: ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  },
  DiskPressure: {
    yes: ['KubeletHasDiskPressure', 'kubelet has disk pressure'],
    no: ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  },
  PIDPressure: {
    yes: ['KubeletHasInsufficientPID', 'kubelet has insufficient PID available'],
    no: ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  },
};

/** The four conditions, Ready last; times come from the ones before. */
export function nodeConditions(
  input: ConditionInput,
  before: readonly NodeCondition[],
  now: string,
): NodeCondition[] {
  const make = (
    type: string,
    status: 'True' | 'False',
    [reason, message]: readonly [string, string],
  ): NodeCondition => {
    const old = before.find((c) => c.type === type);
    const lastTransitionTime = old?.status === status ? (old.lastTransitionTime ?? now) : now;
    return { type, status, reason, message, lastHeartbeatTime: now, lastTransitionTime };
  };
  const out = (Object.keys(pressureTexts) as Pressure[]).map((type) => {
    const on = input.pressures.has(type);
    return make(type, on ? 'True' : 'False', pressureTexts[type][on ? 'yes' : 'no']);
  });
  const { problems } = input;
  const text = problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`;
  out.push(
    problems.length === 0
      ? make('Ready', 'True', ['KubeletReady', 'kubelet is posting ready status'])
      : make('Ready', 'False', ['KubeletNotReady', text]),
  );
  return out;
}

/** The largest images, as the scheduler scores them. */
export function nodeImages(images: readonly Image[], max: number): NodeStatus['images'] {
  const largest = [...images].sort((a, b) => b.size - a.size);
  return (max < 0 ? largest : largest.slice(0, max)).map(({ repoDigests, repoTags, size }) => ({
    names: [...repoDigests, ...repoTags].slice(0, maxNamesPerImage),
    sizeBytes: size,
  }));
}

export interface NodeIdentity {
  readonly name: string;
  readonly hostname: string;
  readonly ips: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly port: number;
}

/** The labels every node has, which the kubelet keeps right. */
export function defaultLabels(
  identity: NodeIdentity,
  machine: MachineFacts,
): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': machine.architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': machine.architecture,
    'kubernetes.io/hostname': identity.hostname,
    'kubernetes.io/os': 'linux',
  };
}

/** The object to register, without its status. */
export function initialNode(
  identity: NodeIdentity,
  machine: MachineFacts,
  configuration: KubeletConfiguration,
): Node {
  const { registerWithTaints, providerId, enableControllerAttachDetach } = configuration;
  const spec: NonNullable<Node['spec']> = {
    ...(registerWithTaints.length > 0 ? { taints: [...registerWithTaints] } : {}),
    ...(providerId !== '' ? { providerID: providerId } : {}),
  };
  const attach = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: identity.name,
      labels: { ...defaultLabels(identity, machine), ...identity.labels },
      ...(enableControllerAttachDetach ? { annotations: attach } : {}),
    },
    spec,
  };
}

export interface StatusInput {
  readonly identity: NodeIdentity;
  readonly machine: MachineFacts;
  readonly capacity: ResourceList;
  readonly allocatable: ResourceList;
  readonly conditions: NodeCondition[];
  readonly images: NodeStatus['images'];
  /** `containerd://1.7.24`. */
  readonly runtimeVersion: string;
  readonly runtimeHandlers: NodeStatus['runtimeHandlers'];
  readonly features: NodeStatus['features'];
}

/** The whole status that the kubelet owns. */
export function nodeStatus(input: StatusInput): NodeStatus {
  const { identity, machine, runtimeHandlers, features } = input;
  return {
    capacity: { ...input.capacity },
    allocatable: { ...input.allocatable },
    conditions: input.conditions,
    addresses: [
      ...identity.ips.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: identity.hostname },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: identity.port } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.systemUuid,
      bootID: machine.bootId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: input.runtimeVersion,
      kubeletVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: machine.architecture,
      ...(machine.swapBytes > 0 ? { swap: { capacity: machine.swapBytes } } : {}),
    },
    ...(input.images ? { images: input.images } : {}),
    ...(runtimeHandlers?.length ? { runtimeHandlers } : {}),
    ...(features ? { features } : {}),
    declaredFeatures: [...declaredFeatures],
  };
}
