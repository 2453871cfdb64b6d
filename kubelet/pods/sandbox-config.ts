/** The description of a pod's sandbox for the runtime. */
import type { Init } from '../cri/codec.ts';
import { type PodSandboxConfig, type PortMapping, Protocol } from '../cri/messages.ts';
import type { DnsConfig } from '../network/dns.ts';
import { kernelHostname, type PodHostname } from '../network/hostname.ts';
import { sandboxLabels } from './labels.ts';
import { type ResourceSettings, sandboxLimits } from './linux-resources.ts';
import { isHostNetwork, type NodePod } from './pod.ts';
import { sandboxSecurity } from './security-context.ts';

export interface SandboxInput {
  readonly pod: NodePod;
  readonly attempt: number;
  readonly dns: DnsConfig;
  readonly hostname: PodHostname;
  readonly logDirectory: string;
  readonly cgroupParent: string;
  readonly resources: ResourceSettings;
}

const protocols: Record<string, Protocol> = {
  TCP: Protocol.TCP,
  UDP: Protocol.UDP,
  SCTP: Protocol.SCTP,
};

/** Host ports of main containers and sidecars. */
function portMappings(pod: NodePod): Init<PortMapping>[] {
  return pod.spec.containers.flatMap((c) =>
    (c.ports ?? []).map((p) => ({
      protocol: protocols[p.protocol ?? 'TCP'] ?? Protocol.TCP,
      containerPort: p.containerPort,
      hostPort: p.hostPort ?? 0,
      hostIp: p.hostIP ?? '',
    })),
  );
}

/** `net/ipv4/conf/eth0.1/x` as `net.ipv4.conf.eth0/1.x`: runc knows names with dots only. */
export function dottedSysctl(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === '/' ? name.replace(/[./]/g, (c) => (c === '/' ? '.' : '/')) : name;
}

export function sandboxConfig(input: SandboxInput): Init<PodSandboxConfig> {
  const { pod, attempt, dns, logDirectory, cgroupParent } = input;
  const { name, namespace, uid, annotations } = pod.metadata;
  const onHost = isHostNetwork(pod);
  const asFqdn = pod.spec.setHostnameAsFQDN ?? false;
  const sysctls = (pod.spec.securityContext?.sysctls ?? []).map((s) => [
    dottedSysctl(s.name),
    s.value,
  ]);
  return {
    metadata: { name, namespace, uid, attempt },
    // The host's network comes with the host's name.
    hostname: onHost ? '' : kernelHostname(input.hostname, asFqdn),
    logDirectory,
    dnsConfig: dns,
    portMappings: onHost ? [] : portMappings(pod),
    labels: sandboxLabels(pod),
    annotations: annotations ?? {},
    linux: {
      cgroupParent,
      securityContext: sandboxSecurity(pod),
      sysctls: Object.fromEntries(sysctls) as Record<string, string>,
      ...sandboxLimits(pod, input.resources),
    },
  };
}
