/**
 * Names of the real server's Go types, as decoding errors show them:
 * `json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container`.
 */
import type { Field, TypeRef } from '../schema/schema.ts';

const plain: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  bytes: '[]uint8',
  Time: 'v1.Time',
  MicroTime: 'v1.MicroTime',
  Duration: 'v1.Duration',
  FieldsV1: 'v1.FieldsV1',
  Quantity: 'resource.Quantity',
  IntOrString: 'intstr.IntOrString',
  RawExtension: 'runtime.RawExtension',
  JSON: 'v1.JSON',
  JSONSchemaPropsOrBool: 'v1.JSONSchemaPropsOrBool',
  JSONSchemaPropsOrArray: 'v1.JSONSchemaPropsOrArray',
  JSONSchemaPropsOrStringArray: 'v1.JSONSchemaPropsOrStringArray',
};

/** Fields of named Go types that the type table does not name, by struct id and field. */
const named: Readonly<Record<string, string>> = {
  'apiextensions/v1.JSONSchemaProps.$schema': 'v1.JSONSchemaURL',
  'apiextensions/v1.JSONSchemaProps.definitions': 'v1.JSONSchemaDefinitions',
  'apiextensions/v1.JSONSchemaProps.dependencies': 'v1.JSONSchemaDependencies',
  'apiextensions/v1.JSONSchemaProps.x-kubernetes-validations': 'v1.ValidationRules',
  'apps/v1.DaemonSetCondition.type': 'v1.DaemonSetConditionType',
  'apps/v1.StatefulSetCondition.type': 'v1.StatefulSetConditionType',
  'batch/v1.UncountedTerminatedPods.failed': '[]types.UID',
  'batch/v1.UncountedTerminatedPods.succeeded': '[]types.UID',
  'core/v1.AttachedVolume.name': 'v1.UniqueVolumeName',
  'core/v1.Capabilities.add': '[]v1.Capability',
  'core/v1.Capabilities.drop': '[]v1.Capability',
  'core/v1.NodeAllocatableResourceClaimStatus.resources': 'map[v1.ResourceName]resource.Quantity',
  'core/v1.NodeStatus.volumesInUse': '[]v1.UniqueVolumeName',
  'core/v1.PersistentVolumeClaimStatus.allocatedResourceStatuses':
    'map[v1.ResourceName]v1.ClaimResourceStatus',
  'core/v1.ResourceHealth.resourceID': 'v1.ResourceID',
  'flowcontrol/v1.FlowSchemaCondition.type': 'v1.FlowSchemaConditionType',
  'flowcontrol/v1.PriorityLevelConfigurationCondition.type':
    'v1.PriorityLevelConfigurationConditionType',
  'resource/v1.CapacityRequirements.requests': 'map[v1.QualifiedName]resource.Quantity',
  'resource/v1.Device.attributes': 'map[v1.QualifiedName]v1.DeviceAttribute',
  'resource/v1.Device.capacity': 'map[v1.QualifiedName]v1.DeviceCapacity',
  'resource/v1.Device.nodeAllocatableResourceMappings':
    'map[v1.ResourceName]v1.NodeAllocatableResourceMapping',
  'resource/v1.DeviceConstraint.distinctAttribute': 'v1.FullyQualifiedName',
  'resource/v1.DeviceConstraint.matchAttribute': 'v1.FullyQualifiedName',
  'resource/v1.DeviceRequestAllocationResult.consumedCapacity':
    'map[v1.QualifiedName]resource.Quantity',
  'resource/v1.DeviceRequestAllocationResult.shareID': 'types.UID',
  'resource/v1.NodeAllocatableResourceMapping.capacityKey': 'v1.QualifiedName',
};

/** `core/v1.PodSpec` -> `v1.PodSpec`. */
export function goTypeOfId(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

/** `core/v1.PodSpec` -> `PodSpec`. */
export function goStructName(id: string): string {
  return id.slice(id.lastIndexOf('.') + 1);
}

/** The Go type of a field of struct `structId`. */
export function goTypeOfField(structId: string, field: Field): string {
  const own = named[`${structId}.${field.name}`];
  if (own !== undefined) return own;
  if (field.name === 'uid') return 'types.UID';
  const { type } = field;
  if (type.kind === 'map' && type.of.kind === 'Quantity') return 'v1.ResourceList';
  return goTypeOf(type, field.enumId);
}

/** The Go type of a value; `enumId` names the string type inside, as Field.enumId does. */
export function goTypeOf(ref: TypeRef, enumId?: string): string {
  if (ref.kind === 'list') return `[]${goTypeOf(ref.of, enumId)}`;
  if (ref.kind === 'map') return `map[string]${goTypeOf(ref.of, enumId)}`;
  if (ref.kind === 'struct') return goTypeOfId(ref.type.id);
  if (ref.kind === 'string' && enumId !== undefined) return goTypeOfId(enumId);
  return plain[ref.kind] ?? ref.kind;
}
