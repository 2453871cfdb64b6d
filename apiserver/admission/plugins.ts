/** Every admission plugin in the order of the real server, and which of them run. */
import type { ApiServerOptions } from '../options.ts';
import type { AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { alwaysDeny } from './always-deny.ts';
import { alwaysPullImages } from './always-pull-images.ts';
import { certificateApproval } from './certificate-approval.ts';
import { certificateSigning } from './certificate-signing.ts';
import { certificateSubjectRestriction } from './certificate-subject-restriction.ts';
import { readPluginConfigurations } from './configuration-file.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { denyServiceExternalIps } from './deny-service-external-ips.ts';
import { eventRateLimit } from './event-rate-limit.ts';
import { extendedResourceToleration } from './extended-resource-toleration.ts';
import { limitPodHardAntiAffinityTopology } from './limit-pod-hard-anti-affinity-topology.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceAutoProvision } from './namespace-auto-provision.ts';
import { namespaceExists } from './namespace-exists.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeDeclaredFeatures } from './node-declared-features.ts';
import { nodeRestriction } from './node-restriction.ts';
import { ownerReferencesPermissionEnforcement } from './owner-references-permission-enforcement.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { podResizeValidator } from './pod-resize-validator.ts';
import { podSecurity } from './pod-security/pod-security.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';
import { mutatingAdmissionPolicy } from './policy/mutating-admission-policy.ts';
import { validatingAdmissionPolicy } from './policy/validating-admission-policy.ts';
import { priority } from './priority.ts';
import { resourceQuota } from './resource-quota/resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';
import { mutatingAdmissionWebhook, validatingAdmissionWebhook } from './webhook/webhook.ts';

/** What the flags say of plugins. */
export type AdmissionOptions = Pick<
  ApiServerOptions,
  'enableAdmissionPlugins' | 'disableAdmissionPlugins' | 'admissionControlConfigFile'
>;

type Build = (env: AdmissionEnvironment, configuration: unknown) => AdmissionPlugin;

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
  off('AlwaysAdmit', 'inactive'),
  off('NamespaceAutoProvision', namespaceAutoProvision),
  on('NamespaceLifecycle', namespaceLifecycle),
  off('NamespaceExists', namespaceExists),
  off('LimitPodHardAntiAffinityTopology', () => limitPodHardAntiAffinityTopology),
  on('LimitRanger', limitRanger),
  on('ServiceAccount', (env) => serviceAccount(env)),
  off('NodeRestriction', nodeRestriction),
  on('TaintNodesByCondition', () => taintNodesByCondition),
  off('AlwaysPullImages', () => alwaysPullImages),
  off('ImagePolicyWebhook', 'unsupported'),
  on('PodSecurity', podSecurity),
  off('PodNodeSelector', 'unsupported'),
  on('Priority', priority),
  on('DefaultTolerationSeconds', () => defaultTolerationSeconds),
  off('PodTolerationRestriction', 'unsupported'),
  off('EventRateLimit', eventRateLimit),
  off('ExtendedResourceToleration', () => extendedResourceToleration),
  on('DefaultStorageClass', defaultStorageClass),
  on('StorageObjectInUseProtection', () => storageObjectInUseProtection),
  on('PodGroupProtection', 'inactive'),
  off('OwnerReferencesPermissionEnforcement', ownerReferencesPermissionEnforcement),
  on('PersistentVolumeClaimResize', persistentVolumeClaimResize),
  on('RuntimeClass', runtimeClass),
  on('CertificateApproval', certificateApproval),
  on('CertificateSigning', certificateSigning),
  on('ClusterTrustBundleAttest', 'inactive'),
  on('CertificateSubjectRestriction', () => certificateSubjectRestriction),
  on('DefaultIngressClass', defaultIngressClass),
  off('DenyServiceExternalIPs', () => denyServiceExternalIps),
  on('PodTopologyLabels', podTopologyLabels),
  on('PodGroupWorkloadExists', 'inactive'),
  on('NodeDeclaredFeatureValidator', nodeDeclaredFeatures),
  on('JobValidation', 'inactive'),
  on('PodResizeValidator', podResizeValidator),
  on('MutatingAdmissionPolicy', mutatingAdmissionPolicy),
  on('MutatingAdmissionWebhook', mutatingAdmissionWebhook),
  on('ValidatingAdmissionPolicy', validatingAdmissionPolicy),
  on('ValidatingAdmissionWebhook', validatingAdmissionWebhook),
  on('ResourceQuota', resourceQuota),
  off('AlwaysDeny', () => alwaysDeny),
];

/**
 * The plugins that run. Throws an Error for names that are unknown, not supported or contradict,
 * and for configurations that cannot be read.
 */
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
  const configurations = readPluginConfigurations(options.admissionControlConfigFile);
  check('--admission-control-config-file', new Set(configurations.keys()));
  const out: AdmissionPlugin[] = [];
  for (const { name, onByDefault, build } of entries) {
    if (!enabled.has(name) && (!onByDefault || disabled.has(name))) continue;
    if (build === 'unsupported') {
      throw new Error(`--enable-admission-plugins: ${name} is not supported`);
    }
    if (build !== 'inactive')
      out.push(built(name, () => build(environment, configurations.get(name))));
  }
  return out;
}

/** What is wrong with a configuration is told with the name of the plugin. */
function built(name: string, build: () => AdmissionPlugin): AdmissionPlugin {
  try {
    return build();
  } catch (e) {
    throw new Error(`--admission-control-config-file: ${name}: ${(e as Error).message}`);
  }
}

function check(flag: string, names: ReadonlySet<string>): void {
  for (const name of names) {
    if (entries.some((e) => e.name === name)) continue;
    throw new Error(
      `${flag}: plugin ${JSON.stringify(name)} is unknown; known are ${entries.map((e) => e.name).join(', ')}`,
    );
  }
}
