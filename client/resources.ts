/** The kinds that components ask for, each typed: the first argument of every client call. */
import type * as wire from '../machinery/schema/wire.ts';
import type { Resource } from './client.ts';

function namespaced<T extends wire.KubeObject>(
  apiVersion: string,
  kind: string,
  plural: string,
): Resource<T> {
  return { apiVersion, kind, plural, namespaced: true };
}

function clusterScoped<T extends wire.KubeObject>(
  apiVersion: string,
  kind: string,
  plural: string,
): Resource<T> {
  return { apiVersion, kind, plural, namespaced: false };
}

export const pods = namespaced<wire.Pod>('v1', 'Pod', 'pods');
export const podTemplates = namespaced<wire.PodTemplate>('v1', 'PodTemplate', 'podtemplates');
export const nodes = clusterScoped<wire.Node>('v1', 'Node', 'nodes');
export const namespaces = clusterScoped<wire.Namespace>('v1', 'Namespace', 'namespaces');
export const services = namespaced<wire.Service>('v1', 'Service', 'services');
export const endpoints = namespaced<wire.Endpoints>('v1', 'Endpoints', 'endpoints');
export const configMaps = namespaced<wire.ConfigMap>('v1', 'ConfigMap', 'configmaps');
export const secrets = namespaced<wire.Secret>('v1', 'Secret', 'secrets');
export const serviceAccounts = namespaced<wire.ServiceAccount>(
  'v1',
  'ServiceAccount',
  'serviceaccounts',
);
export const coreEvents = namespaced<wire.CoreEvent>('v1', 'Event', 'events');
export const limitRanges = namespaced<wire.LimitRange>('v1', 'LimitRange', 'limitranges');
export const persistentVolumes = clusterScoped<wire.PersistentVolume>(
  'v1',
  'PersistentVolume',
  'persistentvolumes',
);
export const persistentVolumeClaims = namespaced<wire.PersistentVolumeClaim>(
  'v1',
  'PersistentVolumeClaim',
  'persistentvolumeclaims',
);
export const replicationControllers = namespaced<wire.ReplicationController>(
  'v1',
  'ReplicationController',
  'replicationcontrollers',
);
export const resourceQuotas = namespaced<wire.ResourceQuota>(
  'v1',
  'ResourceQuota',
  'resourcequotas',
);

export const deployments = namespaced<wire.Deployment>('apps/v1', 'Deployment', 'deployments');
export const replicaSets = namespaced<wire.ReplicaSet>('apps/v1', 'ReplicaSet', 'replicasets');
export const statefulSets = namespaced<wire.StatefulSet>('apps/v1', 'StatefulSet', 'statefulsets');
export const daemonSets = namespaced<wire.DaemonSet>('apps/v1', 'DaemonSet', 'daemonsets');
export const controllerRevisions = namespaced<wire.ControllerRevision>(
  'apps/v1',
  'ControllerRevision',
  'controllerrevisions',
);

export const jobs = namespaced<wire.Job>('batch/v1', 'Job', 'jobs');
export const cronJobs = namespaced<wire.CronJob>('batch/v1', 'CronJob', 'cronjobs');

export const horizontalPodAutoscalers = namespaced<wire.HorizontalPodAutoscalerV2>(
  'autoscaling/v2',
  'HorizontalPodAutoscaler',
  'horizontalpodautoscalers',
);

export const endpointSlices = namespaced<wire.EndpointSlice>(
  'discovery.k8s.io/v1',
  'EndpointSlice',
  'endpointslices',
);
export const events = namespaced<wire.EventsEvent>('events.k8s.io/v1', 'Event', 'events');
export const leases = namespaced<wire.Lease>('coordination.k8s.io/v1', 'Lease', 'leases');

export const podDisruptionBudgets = namespaced<wire.PodDisruptionBudget>(
  'policy/v1',
  'PodDisruptionBudget',
  'poddisruptionbudgets',
);
export const priorityClasses = clusterScoped<wire.PriorityClass>(
  'scheduling.k8s.io/v1',
  'PriorityClass',
  'priorityclasses',
);
export const runtimeClasses = clusterScoped<wire.RuntimeClass>(
  'node.k8s.io/v1',
  'RuntimeClass',
  'runtimeclasses',
);

export const storageClasses = clusterScoped<wire.StorageClass>(
  'storage.k8s.io/v1',
  'StorageClass',
  'storageclasses',
);
export const csiDrivers = clusterScoped<wire.CSIDriver>(
  'storage.k8s.io/v1',
  'CSIDriver',
  'csidrivers',
);
export const csiNodes = clusterScoped<wire.CSINode>('storage.k8s.io/v1', 'CSINode', 'csinodes');
export const csiStorageCapacities = namespaced<wire.CSIStorageCapacity>(
  'storage.k8s.io/v1',
  'CSIStorageCapacity',
  'csistoragecapacities',
);
export const volumeAttachments = clusterScoped<wire.VolumeAttachment>(
  'storage.k8s.io/v1',
  'VolumeAttachment',
  'volumeattachments',
);

export const ingresses = namespaced<wire.Ingress>('networking.k8s.io/v1', 'Ingress', 'ingresses');
export const ingressClasses = clusterScoped<wire.IngressClass>(
  'networking.k8s.io/v1',
  'IngressClass',
  'ingressclasses',
);
export const networkPolicies = namespaced<wire.NetworkPolicy>(
  'networking.k8s.io/v1',
  'NetworkPolicy',
  'networkpolicies',
);
export const ipAddresses = clusterScoped<wire.IPAddress>(
  'networking.k8s.io/v1',
  'IPAddress',
  'ipaddresses',
);
export const serviceCidrs = clusterScoped<wire.ServiceCIDR>(
  'networking.k8s.io/v1',
  'ServiceCIDR',
  'servicecidrs',
);

export const certificateSigningRequests = clusterScoped<wire.CertificateSigningRequest>(
  'certificates.k8s.io/v1',
  'CertificateSigningRequest',
  'certificatesigningrequests',
);
export const roles = namespaced<wire.Role>('rbac.authorization.k8s.io/v1', 'Role', 'roles');
export const roleBindings = namespaced<wire.RoleBinding>(
  'rbac.authorization.k8s.io/v1',
  'RoleBinding',
  'rolebindings',
);
export const clusterRoles = clusterScoped<wire.ClusterRole>(
  'rbac.authorization.k8s.io/v1',
  'ClusterRole',
  'clusterroles',
);
export const clusterRoleBindings = clusterScoped<wire.ClusterRoleBinding>(
  'rbac.authorization.k8s.io/v1',
  'ClusterRoleBinding',
  'clusterrolebindings',
);
export const subjectAccessReviews = clusterScoped<wire.SubjectAccessReview>(
  'authorization.k8s.io/v1',
  'SubjectAccessReview',
  'subjectaccessreviews',
);
export const tokenReviews = clusterScoped<wire.TokenReview>(
  'authentication.k8s.io/v1',
  'TokenReview',
  'tokenreviews',
);

export const customResourceDefinitions = clusterScoped<wire.CustomResourceDefinition>(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
);
export const apiServices = clusterScoped<wire.APIService>(
  'apiregistration.k8s.io/v1',
  'APIService',
  'apiservices',
);
export const resourceClaims = namespaced<wire.ResourceClaim>(
  'resource.k8s.io/v1',
  'ResourceClaim',
  'resourceclaims',
);
export const resourceClaimTemplates = namespaced<wire.ResourceClaimTemplate>(
  'resource.k8s.io/v1',
  'ResourceClaimTemplate',
  'resourceclaimtemplates',
);
export const resourceSlices = clusterScoped<wire.ResourceSlice>(
  'resource.k8s.io/v1',
  'ResourceSlice',
  'resourceslices',
);
export const deviceClasses = clusterScoped<wire.DeviceClass>(
  'resource.k8s.io/v1',
  'DeviceClass',
  'deviceclasses',
);
