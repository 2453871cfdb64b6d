/** Baseline rules about what processes may do beyond what containers usually may. */
import {
  type Check,
  containersNamed,
  distinct,
  hasUserNamespace,
  plural,
  quoted,
  setters,
} from './check.ts';

const appArmorAnnotation = 'container.apparmor.security.beta.kubernetes.io/';

const appArmorProfile: Check = {
  id: 'appArmorProfile',
  since: 0,
  violation({ annotations, spec, containers }) {
    const bad = (profile: { type: string } | undefined) =>
      profile !== undefined && profile.type !== 'RuntimeDefault' && profile.type !== 'Localhost';
    const podProfile = spec.securityContext?.appArmorProfile;
    const badContainers = containers.filter((c) => bad(c.securityContext?.appArmorProfile));
    const notes = Object.entries(annotations)
      .filter(([key, value]) => key.startsWith(appArmorAnnotation) && !isProfile(value))
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .sort();
    const who = [
      ...[setters(bad(podProfile), badContainers)].filter((text) => text !== ''),
      ...(notes.length > 0 ? [plural('annotation', notes)] : []),
    ].join(' and ');
    if (who === '') return undefined;
    const types = badContainers.map((c) => c.securityContext!.appArmorProfile!.type);
    if (bad(podProfile)) types.push(podProfile!.type);
    const values = [...distinct(types), ...notes];
    return {
      reason: plural('forbidden AppArmor profile', values),
      detail: `${who} must not set AppArmor profile type to ${quoted(values)}`,
    };
  },
};

function isProfile(text: string): boolean {
  return text === '' || text === 'runtime/default' || text.startsWith('localhost/');
}

const usualCapabilities = new Set([
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD'],
  ...['NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
]);

const capabilities: Check = {
  id: 'capabilities_baseline',
  since: 0,
  violation({ containers }) {
    const unusual = (c: (typeof containers)[number]) =>
      (c.securityContext?.capabilities?.add ?? []).filter((name) => !usualCapabilities.has(name));
    const bad = containers.filter((c) => unusual(c).length > 0);
    if (bad.length === 0) return undefined;
    const names = quoted(distinct(bad.flatMap(unusual)));
    return {
      reason: 'non-default capabilities',
      detail: `${containersNamed(bad)} must not include ${names} in securityContext.capabilities.add`,
    };
  },
};

const privileged: Check = {
  id: 'privileged',
  since: 0,
  violation({ containers }) {
    const bad = containers.filter((c) => c.securityContext?.privileged === true);
    if (bad.length === 0) return undefined;
    const detail = `${containersNamed(bad)} must not set securityContext.privileged=true`;
    return { reason: 'privileged', detail };
  },
};

const procMount: Check = {
  id: 'procMount',
  since: 0,
  violation(subject, minor) {
    if (minor >= 35 && hasUserNamespace(subject)) return undefined;
    return procMountRestricted.violation(subject, minor);
  },
};

/** Of the restricted level: user namespaces are no excuse. */
export const procMountRestricted: Check = {
  id: 'procMount_restricted',
  since: 35,
  overrides: ['procMount'],
  violation({ containers }) {
    const unusual = (c: (typeof containers)[number]) => c.securityContext?.procMount ?? 'Default';
    const bad = containers.filter((c) => unusual(c) !== 'Default');
    if (bad.length === 0) return undefined;
    const values = quoted(distinct(bad.map(unusual)));
    const detail = `${containersNamed(bad)} must not set securityContext.procMount to ${values}`;
    return { reason: 'procMount', detail };
  },
};

const seLinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

const seLinuxOptions: Check = {
  id: 'seLinuxOptions',
  since: 0,
  violation({ spec, containers }, minor) {
    const allowed = minor >= 31 ? [...seLinuxTypes, 'container_engine_t'] : seLinuxTypes;
    type Options = { type?: string; user?: string; role?: string };
    const isBad = (o: Options | undefined) =>
      o !== undefined && (!allowed.includes(o.type ?? '') || !!o.user || !!o.role);
    const podOptions = spec.securityContext?.seLinuxOptions;
    const bad = containers.filter((c) => isBad(c.securityContext?.seLinuxOptions));
    const who = setters(isBad(podOptions), bad);
    if (who === '') return undefined;
    const options: Options[] = bad.map((c) => c.securityContext!.seLinuxOptions!);
    if (isBad(podOptions)) options.push(podOptions!);
    const types = distinct(options.map((o) => o.type ?? '').filter((t) => !allowed.includes(t)));
    const problems = [
      ...(types.length > 0 ? [`${plural('type', types)} ${quoted(types)}`] : []),
      ...(options.some((o) => o.user) ? ['user may not be set'] : []),
      ...(options.some((o) => o.role) ? ['role may not be set'] : []),
    ];
    return {
      reason: 'seLinuxOptions',
      detail: `${who} set forbidden securityContext.seLinuxOptions: ${problems.join('; ')}`,
    };
  },
};

/** Kernel settings that are the pod's own, by the version that first allowed them. */
const allowedSysctls: readonly [since: number, names: readonly string[]][] = [
  [
    0,
    [
      'kernel.shm_rmid_forced',
      'net.ipv4.ip_local_port_range',
      'net.ipv4.tcp_syncookies',
      'net.ipv4.ping_group_range',
      'net.ipv4.ip_unprivileged_port_start',
    ],
  ],
  [27, ['net.ipv4.ip_local_reserved_ports']],
  [
    29,
    [
      'net.ipv4.tcp_keepalive_time',
      'net.ipv4.tcp_fin_timeout',
      'net.ipv4.tcp_keepalive_intvl',
      'net.ipv4.tcp_keepalive_probes',
    ],
  ],
  [32, ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']],
];

const sysctls: Check = {
  id: 'sysctls',
  since: 0,
  violation({ spec }, minor) {
    const allowed = allowedSysctls.flatMap(([since, names]) => (minor >= since ? names : []));
    const bad = (spec.securityContext?.sysctls ?? []).map((s) => s.name);
    const forbidden = bad.filter((name) => !allowed.includes(name));
    if (forbidden.length === 0) return undefined;
    return { reason: 'forbidden sysctls', detail: forbidden.join(', ') };
  },
};

/** The baseline rules of this file. */
export const privilegeChecks: readonly Check[] = [
  appArmorProfile,
  capabilities,
  privileged,
  procMount,
  seLinuxOptions,
  sysctls,
];
