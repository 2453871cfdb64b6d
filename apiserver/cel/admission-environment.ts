/** The environments of expressions in admission: webhooks' conditions, and policies. */
import type { CelEnvironment } from '../../machinery/cel/environment.ts';
import { authorizerType, resourceCheckType } from '../../machinery/cel/library/authorizer.ts';
import { type DeclaredTypes, declaredTypes } from '../../machinery/cel/library/declared-types.ts';
import { jsonPatchLibrary } from '../../machinery/cel/library/json-patch.ts';
import { kubernetesEnvironment } from '../../machinery/cel/library/kubernetes.ts';
import {
  boolType,
  dynType,
  intType,
  listType,
  mapType,
  objectType,
  stringType,
  timestampType,
} from '../../machinery/cel/types.ts';
import { mutationTypes } from './mutation-types.ts';

const stringsType = listType(stringType);
const extraType = mapType(stringType, stringsType);
const mapOfStrings = mapType(stringType, stringType);

/** What is told of a user. */
export const userFields = {
  username: stringType,
  uid: stringType,
  groups: stringsType,
  extra: extraType,
};

const kindFields = { group: stringType, version: stringType, kind: stringType };
const resourceFields = { group: stringType, version: stringType, resource: stringType };
const kindType = objectType('kubernetes.GroupVersionKind');
const resourceType = objectType('kubernetes.GroupVersionResource');

const types: DeclaredTypes = {
  'kubernetes.GroupVersionKind': kindFields,
  'kubernetes.GroupVersionResource': resourceFields,
  'kubernetes.UserInfo': userFields,
  'kubernetes.AdmissionRequest': {
    kind: kindType,
    resource: resourceType,
    subResource: stringType,
    requestKind: kindType,
    requestResource: resourceType,
    requestSubResource: stringType,
    name: stringType,
    namespace: stringType,
    operation: stringType,
    userInfo: objectType('kubernetes.UserInfo'),
    dryRun: boolType,
    options: dynType,
  },
  'kubernetes.Namespace': {
    metadata: objectType('kubernetes.NamespaceMetadata'),
    spec: objectType('kubernetes.NamespaceSpec'),
    status: objectType('kubernetes.NamespaceStatus'),
  },
  'kubernetes.NamespaceMetadata': {
    name: stringType,
    generateName: stringType,
    namespace: stringType,
    labels: mapOfStrings,
    annotations: mapOfStrings,
    // Spelled so by the real server: it finds nothing.
    UID: stringType,
    creationTimestamp: timestampType,
    deletionGracePeriodSeconds: intType,
    deletionTimestamp: timestampType,
    generation: intType,
    resourceVersion: stringType,
    finalizers: stringsType,
  },
  'kubernetes.NamespaceSpec': { finalizers: stringsType },
  'kubernetes.NamespaceStatus': {
    conditions: listType(objectType('kubernetes.NamespaceCondition')),
    phase: stringType,
  },
  'kubernetes.NamespaceCondition': {
    status: stringType,
    type: stringType,
    lastTransitionTime: timestampType,
    message: stringType,
    reason: stringType,
  },
};

/** Which variables an expression has beside the object's, the request's and the namespace's. */
export interface AdmissionVariables {
  readonly params?: boolean;
  readonly authorizer?: boolean;
  /** `Object{…}` and `JSONPatch{…}` can be made. */
  readonly patches?: boolean;
}

const made = new Map<string, CelEnvironment>();

/** Environments are made when they are first asked for, and kept. */
export function admissionEnvironment({
  params = false,
  authorizer = false,
  patches = false,
}: AdmissionVariables): CelEnvironment {
  const key = `${params} ${authorizer} ${patches}`;
  let environment = made.get(key);
  if (environment === undefined) {
    environment = kubernetesEnvironment().extend({
      types: declaredTypes(types),
      variables: {
        object: dynType,
        oldObject: dynType,
        namespaceObject: objectType('kubernetes.Namespace'),
        request: objectType('kubernetes.AdmissionRequest'),
        ...(params ? { params: dynType } : {}),
        ...(authorizer
          ? { authorizer: authorizerType, 'authorizer.requestResource': resourceCheckType }
          : {}),
      },
    });
    if (patches) {
      environment = environment.extend({ types: mutationTypes, libraries: [jsonPatchLibrary] });
    }
    made.set(key, environment);
  }
  return environment;
}
