/** What expressions of admission are about: the values of their variables. */
import { adapt, type JsonObject } from '../../machinery/cel/adapt.ts';
import {
  type Authority,
  AuthorizerValue,
  ResourceCheckValue,
} from '../../machinery/cel/library/authorizer.ts';
import { type Activation, activation } from '../../machinery/cel/program.ts';
import type { Result, Value } from '../../machinery/cel/values.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { AdmissionAttributes } from '../admission/admission.ts';
import { type KindName, requestKind, requestOptions } from '../admission/request-kind.ts';

/** A resource in a version. */
export interface ResourceInVersion {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** What is evaluated over. */
export interface AdmissionInput {
  readonly attributes: AdmissionAttributes;
  /** In the version that the expressions are about. */
  readonly object: KubeObject | undefined;
  readonly oldObject: KubeObject | undefined;
  /** The kind of that version, and the resource that the request was matched by. */
  readonly kind: KindName;
  readonly resource: ResourceInVersion;
  readonly params?: KubeObject | undefined;
  readonly namespace?: KubeObject | undefined;
}

/** The variables; `variables` is asked when an expression of a policy uses them. */
export function admissionActivation(
  input: AdmissionInput,
  authority: Authority,
  variables?: (activation: Activation) => Value,
): Activation {
  const { attributes, object, oldObject, params, namespace } = input;
  const bindings: Record<string, Value | (() => Result)> = {
    object: () => objectValue(object),
    oldObject: () => objectValue(oldObject),
    params: () => objectValue(params),
    request: () => adapt(admissionRequest(input)),
    namespaceObject: () => objectValue(namespace && namespaceParts(namespace)),
    authorizer: () => new AuthorizerValue(authority),
    'authorizer.requestResource': () => requestResource(attributes, authority),
  };
  const whole: Activation = activation({
    ...bindings,
    ...(variables === undefined ? {} : { variables: () => variables(whole) }),
  });
  return whole;
}

/** Objects are their JSON; what is not there is null. */
function objectValue(object: KubeObject | undefined): Value {
  return object === undefined ? null : adapt(object as unknown as JsonObject);
}

/** The request as an AdmissionReview tells it, without the objects; empty fields are left out. */
export function admissionRequest(input: AdmissionInput): JsonObject {
  const { attributes: a, kind, resource } = input;
  const { user } = a;
  const given = (field: string, text = '') => (text === '' ? {} : { [field]: text });
  const own = requestKind(a);
  return {
    uid: '',
    kind: { group: kind.group, version: kind.version, kind: kind.kind },
    resource: {
      group: resource.group,
      version: resource.version,
      resource: resource.resource,
    },
    ...given('subResource', a.subresource),
    requestKind: { group: own.group, version: own.version, kind: own.kind },
    requestResource: { group: a.group, version: a.version, resource: a.resource },
    ...given('requestSubResource', a.subresource),
    ...given('name', a.name),
    ...given('namespace', a.namespace),
    operation: a.operation,
    userInfo: {
      ...given('username', user.name),
      ...given('uid', user.uid),
      ...(user.groups.length > 0 ? { groups: user.groups } : {}),
      ...(Object.keys(user.extra ?? {}).length > 0 ? { extra: user.extra! } : {}),
    },
    object: null,
    oldObject: null,
    dryRun: a.dryRun,
    options: requestOptions(a) as JsonObject | null,
  };
}

function requestResource(a: AdmissionAttributes, authority: Authority): Value {
  const { group, resource, subresource, namespace, name } = a;
  return new ResourceCheckValue(new AuthorizerValue(authority), {
    group,
    resource,
    subresource,
    namespace,
    name,
    fieldSelector: '',
    labelSelector: '',
  });
}

const shownMetadata = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'finalizers',
];

/** The parts of a namespace that expressions see. */
function namespaceParts(namespace: KubeObject): KubeObject {
  const parts = namespace as unknown as JsonObject;
  const metadata = Object.entries(parts.metadata as JsonObject).filter(([name]) =>
    shownMetadata.includes(name),
  );
  const shown = {
    metadata: Object.fromEntries(metadata),
    spec: parts.spec ?? {},
    status: parts.status ?? {},
  };
  return shown as unknown as KubeObject;
}
