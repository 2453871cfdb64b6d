/** Baseline rules about what belongs to the node: namespaces, files, ports, addresses. */
import {
  type Check,
  type CheckedContainer,
  containersUsing,
  distinct,
  plural,
  quoted,
  setters,
} from './check.ts';

const hostNamespaces: Check = {
  id: 'hostNamespaces',
  since: 0,
  violation({ spec }) {
    const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((f) => spec[f] === true);
    if (used.length === 0) return undefined;
    return { reason: 'host namespaces', detail: used.map((f) => `${f}=true`).join(', ') };
  },
};

const hostPathVolumes: Check = {
  id: 'hostPathVolumes',
  since: 0,
  violation({ spec }) {
    const names = (spec.volumes ?? []).filter((v) => v.hostPath !== undefined).map((v) => v.name);
    if (names.length === 0) return undefined;
    return { reason: 'hostPath volumes', detail: `${plural('volume', names)} ${quoted(names)}` };
  },
};

const hostPorts: Check = {
  id: 'hostPorts',
  since: 0,
  violation({ containers }) {
    const portsOf = (c: CheckedContainer) =>
      (c.ports ?? []).flatMap((p) => (p.hostPort ? [String(p.hostPort)] : []));
    const bad = containers.filter((c) => portsOf(c).length > 0);
    if (bad.length === 0) return undefined;
    const ports = distinct(bad.flatMap(portsOf));
    return {
      reason: 'hostPort',
      detail: `${containersUsing(bad)} ${plural('hostPort', ports)} ${ports.join(', ')}`,
    };
  },
};

const hostProbesAndHostLifecycle: Check = {
  id: 'hostProbesAndHostLifecycle',
  since: 34,
  violation({ containers }) {
    const bad = containers.filter((c) => hostsOf(c).length > 0);
    if (bad.length === 0) return undefined;
    const hosts = distinct(bad.flatMap(hostsOf));
    const byName = bad.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return {
      reason: 'probe or lifecycle host',
      detail: `${containersUsing(byName)} ${plural('probe or lifecycle host', hosts)} ${quoted(hosts)}`,
    };
  },
};

/** Other hosts than the pod that its node is told to call. */
function hostsOf(c: CheckedContainer): string[] {
  const handlers = [
    ...[c.livenessProbe, c.readinessProbe, c.startupProbe],
    ...[c.lifecycle?.postStart, c.lifecycle?.preStop],
  ];
  return handlers
    .flatMap((handler) => [handler?.httpGet?.host, handler?.tcpSocket?.host])
    .filter((host) => host !== undefined && host !== '') as string[];
}

const windowsHostProcess: Check = {
  id: 'windowsHostProcess',
  since: 0,
  violation({ spec, containers }) {
    const who = setters(
      spec.securityContext?.windowsOptions?.hostProcess === true,
      containers.filter((c) => c.securityContext?.windowsOptions?.hostProcess === true),
    );
    if (who === '') return undefined;
    const detail = `${who} must not set securityContext.windowsOptions.hostProcess=true`;
    return { reason: 'hostProcess', detail };
  },
};

/** The rules of this file. */
export const hostChecks: readonly Check[] = [
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  hostProbesAndHostLifecycle,
  windowsHostProcess,
];
