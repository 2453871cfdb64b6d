/** The objects that a binding gives a policy as parameters. */
import { selectorOf } from '../../../machinery/meta/labels.ts';
import type {
  KubeObject,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../machinery/schema/wire.ts';
import type { AdmissionEnvironment, ResourceName } from '../admission.ts';

export type ParamKind = NonNullable<ValidatingAdmissionPolicy['spec']>['paramKind'];
export type ParamRef = NonNullable<ValidatingAdmissionPolicyBinding['spec']>['paramRef'];

type Environment = Pick<AdmissionEnvironment, 'access' | 'forms' | 'resourcesOf'>;

/** What a binding or a policy says cannot be; the failure policy decides. */
export class ConfigurationProblem extends Error {
  override readonly name = 'ConfigurationProblem';
}

/** The resource of a kind of parameters. Throws ConfigurationProblem when there is none. */
export function paramResource(
  kind: ParamKind,
  { resourcesOf }: Environment,
): ResourceName | undefined {
  if (!kind) return undefined;
  const { apiVersion = '', kind: name = '' } = kind;
  const [resource] = resourcesOf(apiVersion, name);
  if (resource !== undefined) return resource;
  const shown = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
  throw new ConfigurationProblem(
    `failed to find resource referenced by paramKind: '${shown}, Kind=${name}'`,
  );
}

/**
 * The parameters: the policy is asked once with each of them, and with `undefined` where there are
 * to be none. Throws ConfigurationProblem.
 */
export async function collectParams(
  resource: ResourceName | undefined,
  ref: ParamRef,
  namespace: string,
  env: Environment,
): Promise<readonly (KubeObject | undefined)[]> {
  if (resource === undefined || !ref) return [undefined];
  const space = namespaceOfParams(resource, ref, namespace);
  const found = await find(resource, ref, space, env);
  if (found.length === 0 && ref.parameterNotFoundAction === 'Deny') {
    throw new ConfigurationProblem(
      'no params found for policy binding with `Deny` parameterNotFoundAction',
    );
  }
  return found;
}

function namespaceOfParams(
  { namespaced }: ResourceName,
  { namespace: given = '' }: NonNullable<ParamRef>,
  namespace: string,
): string {
  if (!namespaced) {
    if (given === '') return '';
    throw new ConfigurationProblem(
      'paramRef.namespace must not be provided for a cluster-scoped `paramKind`',
    );
  }
  if (given !== '') return given;
  if (namespace !== '') return namespace;
  throw new ConfigurationProblem(
    'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
  );
}

async function find(
  { group, version, plural }: ResourceName,
  { name = '', selector }: NonNullable<ParamRef>,
  namespace: string,
  { access, forms }: Environment,
): Promise<readonly KubeObject[]> {
  const resource = group === '' ? plural : `${plural}.${group}`;
  const form = forms.find(group, version, plural);
  const shown = (o: KubeObject): KubeObject => form?.show(o) ?? o;
  if (name !== '') {
    if (selector) {
      throw new ConfigurationProblem('paramRef.name and paramRef.selector are mutually exclusive');
    }
    const found = await access.get(resource, namespace, name);
    return found === undefined ? [] : [shown(found)];
  }
  if (!selector) {
    throw new ConfigurationProblem('one of name or selector must be provided');
  }
  const wanted = selectorOf(selector);
  const all = await access.list(resource, namespace);
  return all.filter((o) => wanted.matches(o.metadata?.labels)).map(shown);
}
