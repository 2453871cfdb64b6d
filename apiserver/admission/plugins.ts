/** Every admission plugin in the order of the real server, and which of them run. */
import type { ApiServerOptions } from '../options.ts';
import type { AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { priority } from './priority.ts';
import { serviceAccount } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';

/** What the flags say of plugins. */
export type AdmissionOptions = Pick<
  ApiServerOptions,
  'enableAdmissionPlugins' | 'disableAdmissionPlugins'
>;

type Build = (env: AdmissionEnvironment) => AdmissionPlugin;

interface Entry {
  readonly name: string;
  readonly onByDefault: boolean;
  /**
   * `inactive`: a name of the real server whose plugin does nothing without an alpha feature gate;
   * `unsupported`: a plugin that is not here, and cannot be enabled.
   */
  readonly build: Build | 'inactive' | 'unsupported';
}

const on = (name: string, build: Entry['build']): Entry => ({ name, onByDefault: true, build });
const off = (name: string, build: Entry['build']): Entry => ({ name, onByDefault: false, build });

/** In the order they run. Adding a plugin is one line here. */
const entries: readonly Entry[] = [
  off('AlwaysAdmit', 'unsupported'),
  off('NamespaceAutoProvision', 'unsupported'),
  on('NamespaceLifecycle', namespaceLifecycle),
  off('NamespaceExists', 'unsupported'),
  off('LimitPodHardAntiAffinityTopology', 'unsupported'),
  on('ServiceAccount', serviceAccount),
  off('NodeRestriction', nodeRestriction),
  on('TaintNodesByCondition', () => taintNodesByCondition),
  off('ImagePolicyWebhook', 'unsupported'),
  off('PodNodeSelector', 'unsupported'),
  on('Priority', priority),
  on('DefaultTolerationSeconds', () => defaultTolerationSeconds),
  off('PodTolerationRestriction', 'unsupported'),
  on('DefaultStorageClass', defaultStorageClass),
  on('StorageObjectInUseProtection', () => storageObjectInUseProtection),
  on('PodGroupProtection', 'inactive'),
  on('ClusterTrustBundleAttest', 'inactive'),
  off('DenyServiceExternalIPs', 'unsupported'),
  on('PodGroupWorkloadExists', 'inactive'),
  on('JobValidation', 'inactive'),
  off('AlwaysDeny', 'unsupported'),
];

/** The plugins that run. Throws an Error for names that are unknown, not supported or contradict. */
export function admissionPlugins(
  options: AdmissionOptions,
  environment: AdmissionEnvironment,
): readonly AdmissionPlugin[] {
  const enabled = new Set(options.enableAdmissionPlugins);
  const disabled = new Set(options.disableAdmissionPlugins);
  check('--enable-admission-plugins', enabled);
  check('--disable-admission-plugins', disabled);
  const both = [...enabled].filter((name) => disabled.has(name));
  if (both.length > 0) {
    throw new Error(
      `admission plugins ${both.join(', ')} are both enabled and disabled: choose one`,
    );
  }
  const out: AdmissionPlugin[] = [];
  for (const { name, onByDefault, build } of entries) {
    if (!enabled.has(name) && (!onByDefault || disabled.has(name))) continue;
    if (build === 'unsupported') {
      throw new Error(`--enable-admission-plugins: ${name} is not supported`);
    }
    if (build !== 'inactive') out.push(build(environment));
  }
  return out;
}

function check(flag: string, names: ReadonlySet<string>): void {
  for (const name of names) {
    if (entries.some((e) => e.name === name)) continue;
    throw new Error(
      `${flag}: plugin ${JSON.stringify(name)} is unknown; known are ${entries.map((e) => e.name).join(', ')}`,
    );
  }
}
