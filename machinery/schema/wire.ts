/**
 * Types of API objects as they stand on the wire, derived from the models of
 * `@kubernetes/client-node` (times are strings, names as the API spells them).
 * Types only: nothing of that package is loaded at run time.
 */
import type * as models from '@kubernetes/client-node';

/** The client package escapes names that are reserved in JavaScript. */
type WireName<K> = K extends `_${infer N extends 'continue' | 'default' | 'enum' | 'from' | 'int'}`
  ? N
  : K;

/** A model class as plain JSON. */
export type Wire<T> = T extends Date
  ? string
  : T extends (infer U)[]
    ? Wire<U>[]
    : T extends (...args: never[]) => unknown
      ? never
      : T extends object
        ? { [K in keyof T as WireName<K>]: Wire<T[K]> }
        : T;

export type ObjectMeta = Wire<models.V1ObjectMeta>;
export type OwnerReference = Wire<models.V1OwnerReference>;
export type ManagedFieldsEntry = Wire<models.V1ManagedFieldsEntry>;
export type LabelSelector = Wire<models.V1LabelSelector>;
export type Condition = Wire<models.V1Condition>;
export type ListMeta = Wire<models.V1ListMeta>;

/** Any API object. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/** A list of API objects. */
export interface KubeList<T extends KubeObject = KubeObject> {
  apiVersion?: string;
  kind?: string;
  metadata?: ListMeta;
  items: T[];
}

export type Pod = Wire<models.V1Pod>;
export type PodSpec = Wire<models.V1PodSpec>;
export type PodStatus = Wire<models.V1PodStatus>;
export type PodTemplateSpec = Wire<models.V1PodTemplateSpec>;
export type PodTemplate = Wire<models.V1PodTemplate>;
export type Container = Wire<models.V1Container>;
export type ContainerPort = Wire<models.V1ContainerPort>;
export type ContainerStatus = Wire<models.V1ContainerStatus>;
export type ContainerState = Wire<models.V1ContainerState>;
export type EphemeralContainer = Wire<models.V1EphemeralContainer>;
export type Volume = Wire<models.V1Volume>;
export type VolumeMount = Wire<models.V1VolumeMount>;
export type EnvVar = Wire<models.V1EnvVar>;
export type EnvFromSource = Wire<models.V1EnvFromSource>;
export type Probe = Wire<models.V1Probe>;
export type LifecycleHandler = Wire<models.V1LifecycleHandler>;
export type Lifecycle = Wire<models.V1Lifecycle>;
export type SecurityContext = Wire<models.V1SecurityContext>;
export type PodSecurityContext = Wire<models.V1PodSecurityContext>;
export type ResourceRequirements = Wire<models.V1ResourceRequirements>;
export type Affinity = Wire<models.V1Affinity>;
export type NodeAffinity = Wire<models.V1NodeAffinity>;
export type PodAffinityTerm = Wire<models.V1PodAffinityTerm>;
export type NodeSelector = Wire<models.V1NodeSelector>;
export type NodeSelectorTerm = Wire<models.V1NodeSelectorTerm>;
export type NodeSelectorRequirement = Wire<models.V1NodeSelectorRequirement>;
export type Toleration = Wire<models.V1Toleration>;
export type Taint = Wire<models.V1Taint>;
export type TopologySpreadConstraint = Wire<models.V1TopologySpreadConstraint>;
export type LocalObjectReference = Wire<models.V1LocalObjectReference>;
export type ObjectReference = Wire<models.V1ObjectReference>;
export type Node = Wire<models.V1Node>;
export type NodeSpec = Wire<models.V1NodeSpec>;
export type NodeStatus = Wire<models.V1NodeStatus>;
export type NodeCondition = Wire<models.V1NodeCondition>;
export type Namespace = Wire<models.V1Namespace>;
export type Service = Wire<models.V1Service>;
export type ServiceSpec = Wire<models.V1ServiceSpec>;
export type ServicePort = Wire<models.V1ServicePort>;
export type Endpoints = Wire<models.V1Endpoints>;
export type EndpointSubset = Wire<models.V1EndpointSubset>;
export type EndpointAddress = Wire<models.V1EndpointAddress>;
export type ConfigMap = Wire<models.V1ConfigMap>;
export type Secret = Wire<models.V1Secret>;
export type ServiceAccount = Wire<models.V1ServiceAccount>;
export type PersistentVolume = Wire<models.V1PersistentVolume>;
export type PersistentVolumeSpec = Wire<models.V1PersistentVolumeSpec>;
export type PersistentVolumeClaim = Wire<models.V1PersistentVolumeClaim>;
export type PersistentVolumeClaimSpec = Wire<models.V1PersistentVolumeClaimSpec>;
export type ReplicationController = Wire<models.V1ReplicationController>;
export type ResourceQuota = Wire<models.V1ResourceQuota>;
export type LimitRange = Wire<models.V1LimitRange>;
export type Binding = Wire<models.V1Binding>;
export type PodCondition = Wire<models.V1PodCondition>;
export type CoreEvent = Wire<models.CoreV1Event>;
export type EventsEvent = Wire<models.EventsV1Event>;
export type EndpointPort = Wire<models.CoreV1EndpointPort>;
export type Deployment = Wire<models.V1Deployment>;
export type DeploymentSpec = Wire<models.V1DeploymentSpec>;
export type DeploymentStatus = Wire<models.V1DeploymentStatus>;
export type ReplicaSet = Wire<models.V1ReplicaSet>;
export type StatefulSet = Wire<models.V1StatefulSet>;
export type StatefulSetSpec = Wire<models.V1StatefulSetSpec>;
export type DaemonSet = Wire<models.V1DaemonSet>;
export type DaemonSetSpec = Wire<models.V1DaemonSetSpec>;
export type ControllerRevision = Wire<models.V1ControllerRevision>;
export type Job = Wire<models.V1Job>;
export type JobSpec = Wire<models.V1JobSpec>;
export type JobStatus = Wire<models.V1JobStatus>;
export type CronJob = Wire<models.V1CronJob>;
export type CronJobSpec = Wire<models.V1CronJobSpec>;
export type HorizontalPodAutoscaler = Wire<models.V1HorizontalPodAutoscaler>;
export type Role = Wire<models.V1Role>;
export type ClusterRole = Wire<models.V1ClusterRole>;
export type RoleBinding = Wire<models.V1RoleBinding>;
export type ClusterRoleBinding = Wire<models.V1ClusterRoleBinding>;
export type PolicyRule = Wire<models.V1PolicyRule>;
export type EndpointSlice = Wire<models.V1EndpointSlice>;
export type Endpoint = Wire<models.V1Endpoint>;
export type Lease = Wire<models.V1Lease>;
export type Ingress = Wire<models.V1Ingress>;
export type IngressClass = Wire<models.V1IngressClass>;
export type NetworkPolicy = Wire<models.V1NetworkPolicy>;
export type IPAddress = Wire<models.V1IPAddress>;
export type ServiceCIDR = Wire<models.V1ServiceCIDR>;
export type PodDisruptionBudget = Wire<models.V1PodDisruptionBudget>;
export type Eviction = Wire<models.V1Eviction>;
export type PriorityClass = Wire<models.V1PriorityClass>;
export type RuntimeClass = Wire<models.V1RuntimeClass>;
export type StorageClass = Wire<models.V1StorageClass>;
export type CSIDriver = Wire<models.V1CSIDriver>;
export type CSINode = Wire<models.V1CSINode>;
export type CSIStorageCapacity = Wire<models.V1CSIStorageCapacity>;
export type VolumeAttachment = Wire<models.V1VolumeAttachment>;
export type VolumeAttributesClass = Wire<models.V1VolumeAttributesClass>;
export type CertificateSigningRequest = Wire<models.V1CertificateSigningRequest>;
export type FlowSchema = Wire<models.V1FlowSchema>;
export type PriorityLevelConfiguration = Wire<models.V1PriorityLevelConfiguration>;
export type MutatingWebhook = Wire<models.V1MutatingWebhook>;
export type MutatingWebhookConfiguration = Wire<models.V1MutatingWebhookConfiguration>;
export type RuleWithOperations = Wire<models.V1RuleWithOperations>;
export type ValidatingWebhook = Wire<models.V1ValidatingWebhook>;
export type ValidatingWebhookConfiguration = Wire<models.V1ValidatingWebhookConfiguration>;
export type ValidatingAdmissionPolicy = Wire<models.V1ValidatingAdmissionPolicy>;
export type ValidatingAdmissionPolicyBinding = Wire<models.V1ValidatingAdmissionPolicyBinding>;
export type MutatingAdmissionPolicy = Wire<models.V1MutatingAdmissionPolicy>;
export type MutatingAdmissionPolicyBinding = Wire<models.V1MutatingAdmissionPolicyBinding>;
export type CustomResourceDefinition = Wire<models.V1CustomResourceDefinition>;
export type APIService = Wire<models.V1APIService>;
export type DeviceClass = Wire<models.V1DeviceClass>;
export type ResourceClaimTemplate = Wire<models.V1ResourceClaimTemplate>;
export type ResourceSlice = Wire<models.V1ResourceSlice>;
export type Scale = Wire<models.V1Scale>;
export type TokenReview = Wire<models.V1TokenReview>;
export type SubjectAccessReview = Wire<models.V1SubjectAccessReview>;
export type SelfSubjectAccessReview = Wire<models.V1SelfSubjectAccessReview>;
export type LocalSubjectAccessReview = Wire<models.V1LocalSubjectAccessReview>;
export type SelfSubjectRulesReview = Wire<models.V1SelfSubjectRulesReview>;
export type SelfSubjectReview = Wire<models.V1SelfSubjectReview>;
export type DeleteOptions = Wire<models.V1DeleteOptions>;
export type ResourceClaim = Wire<models.ResourceV1ResourceClaim>;
export type HorizontalPodAutoscalerV2 = Wire<models.V2HorizontalPodAutoscaler>;
export type TokenRequest = Wire<models.AuthenticationV1TokenRequest>;
export type MetricSpec = Wire<models.V2MetricSpec>;
export type MetricStatus = Wire<models.V2MetricStatus>;
export type IngressBackend = Wire<models.V1IngressBackend>;
export type IngressRule = Wire<models.V1IngressRule>;
