/** Rules of the restricted level: processes get what they must have, and say so. */
import type { Volume } from '../../../machinery/schema/wire.ts';
import {
  type Check,
  containersNamed,
  distinct,
  hasUserNamespace,
  plural,
  quoted,
  setters,
} from './check.ts';
import { procMountRestricted } from './privilege-checks.ts';
import { seccompRestricted } from './seccomp-checks.ts';

const isWindows = (spec: { os?: { name: string } }) => spec.os?.name === 'windows';

const allowPrivilegeEscalation: Check = {
  id: 'allowPrivilegeEscalation',
  since: 8,
  violation({ spec, containers }, minor) {
    if (minor >= 25 && isWindows(spec)) return undefined;
    const bad = containers.filter((c) => c.securityContext?.allowPrivilegeEscalation !== false);
    if (bad.length === 0) return undefined;
    return {
      reason: 'allowPrivilegeEscalation != false',
      detail: `${containersNamed(bad)} must set securityContext.allowPrivilegeEscalation=false`,
    };
  },
};

const capabilities: Check = {
  id: 'capabilities_restricted',
  since: 22,
  overrides: ['capabilities_baseline'],
  violation({ spec, containers }, minor) {
    if (minor >= 25 && isWindows(spec)) return undefined;
    const added = (c: (typeof containers)[number]) =>
      (c.securityContext?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE');
    const keeping = containers.filter(
      (c) => !c.securityContext?.capabilities?.drop?.includes('ALL'),
    );
    const adding = containers.filter((c) => added(c).length > 0);
    const problems: string[] = [];
    if (keeping.length > 0) {
      problems.push(
        `${containersNamed(keeping)} must set securityContext.capabilities.drop=["ALL"]`,
      );
    }
    if (adding.length > 0) {
      const names = quoted(distinct(adding.flatMap(added)));
      problems.push(
        `${containersNamed(adding)} must not include ${names} in securityContext.capabilities.add`,
      );
    }
    if (problems.length === 0) return undefined;
    return { reason: 'unrestricted capabilities', detail: problems.join('; ') };
  },
};

const allowedVolumes = [
  ...['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image'],
  ...['persistentVolumeClaim', 'projected', 'secret'],
] as const;
/** A volume that is of several types goes by the first of them. */
const forbiddenVolumes = [
  ...['hostPath', 'gcePersistentDisk', 'awsElasticBlockStore', 'gitRepo', 'nfs', 'iscsi'],
  ...['glusterfs', 'rbd', 'flexVolume', 'cinder', 'cephfs', 'flocker', 'fc', 'azureFile'],
  ...['vsphereVolume', 'quobyte', 'azureDisk', 'photonPersistentDisk', 'portworxVolume'],
  ...['scaleIO', 'storageos'],
] as const;

const restrictedVolumes: Check = {
  id: 'restrictedVolumes',
  since: 0,
  overrides: ['hostPathVolumes'],
  violation({ spec }) {
    const has = (volume: Volume, type: string) => Object.hasOwn(volume, type);
    const bad = (spec.volumes ?? []).filter((v) => !allowedVolumes.some((type) => has(v, type)));
    if (bad.length === 0) return undefined;
    const types = distinct(
      bad.map((v) => forbiddenVolumes.find((type) => has(v, type)) ?? 'unknown'),
    );
    const names = quoted(bad.map((v) => v.name));
    const use = bad.length === 1 ? 'uses' : 'use';
    return {
      reason: 'restricted volume types',
      detail: `${plural('volume', bad)} ${names} ${use} ${plural('restricted volume type', types)} ${quoted(types)}`,
    };
  },
};

const runAsNonRoot: Check = {
  id: 'runAsNonRoot',
  since: 0,
  violation(subject, minor) {
    if (minor >= 35 && hasUserNamespace(subject)) return undefined;
    const { spec, containers } = subject;
    const reason = 'runAsNonRoot != true';
    const whole = spec.securityContext?.runAsNonRoot;
    const own = (c: (typeof containers)[number]) => c.securityContext?.runAsNonRoot;
    const who = setters(
      whole === false,
      containers.filter((c) => own(c) === false),
    );
    if (who !== '') {
      return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` };
    }
    const silent = whole === true ? [] : containers.filter((c) => own(c) === undefined);
    if (silent.length === 0) return undefined;
    const detail = `pod or ${containersNamed(silent)} must set securityContext.runAsNonRoot=true`;
    return { reason, detail };
  },
};

const runAsUser: Check = {
  id: 'runAsUser',
  since: 23,
  violation(subject, minor) {
    if (minor >= 35 && hasUserNamespace(subject)) return undefined;
    const { spec, containers } = subject;
    const who = setters(
      spec.securityContext?.runAsUser === 0,
      containers.filter((c) => c.securityContext?.runAsUser === 0),
    );
    if (who === '') return undefined;
    return { reason: 'runAsUser=0', detail: `${who} must not set runAsUser=0` };
  },
};

/** What the restricted level adds to the baseline. */
export const restrictedChecks: readonly Check[] = [
  allowPrivilegeEscalation,
  capabilities,
  procMountRestricted,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
  seccompRestricted,
];
