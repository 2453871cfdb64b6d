/** Which requests a policy or a binding is about (admissionregistration/v1 MatchResources). */
import { type Selector, selectorOf } from '../../../machinery/meta/labels.ts';
import { internalError, StatusError } from '../../../machinery/meta/status-error.ts';
import type { ValidatingAdmissionPolicy } from '../../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionEnvironment } from '../admission.ts';
import { type KindName, requestKind } from '../request-kind.ts';
import type { ResourceForm } from '../resource-forms.ts';
import { type RuledResource, ruleMatches } from '../webhook/rules.ts';
import { namespaceChosen, objectChosen } from '../webhook/selectors.ts';

export type MatchResources = NonNullable<
  NonNullable<ValidatingAdmissionPolicy['spec']>['matchConstraints']
>;
type NamedRules = MatchResources['resourceRules'];

/** How a request is known to a policy. */
export interface PolicyMatch {
  readonly resource: RuledResource;
  readonly kind: KindName;
  /** The version that objects are shown in; undefined: as they are. */
  readonly form: ResourceForm | undefined;
}

type Environment = Pick<AdmissionEnvironment, 'access' | 'fresh' | 'forms'>;

/** The match, undefined for none, or why it cannot be told. */
export async function matchOf(
  resources: MatchResources,
  a: AdmissionAttributes,
  env: Environment,
): Promise<PolicyMatch | undefined | StatusError> {
  for (const name of ['namespace', 'object'] as const) {
    // Defaults see to it that there are selectors.
    if (resources[`${name}Selector`]) continue;
    const why = `a nil ${name} selector was passed, please ensure selectors are initialized properly`;
    return new StatusError('InternalError', why);
  }
  const bySpace = await namespaceChosen(selectorIn(resources.namespaceSelector), a, env);
  if (bySpace === false) return undefined;
  const byObject = objectChosen(selectorIn(resources.objectSelector), a.object, a.oldObject);
  if (byObject === false) return undefined;
  const { resourceRules = [], excludeResourceRules, matchPolicy } = resources;
  if (ruledBy(excludeResourceRules, matchPolicy, a, env) !== undefined) return undefined;
  const match =
    resourceRules.length === 0 ? ownMatch(a, env) : ruledBy(resourceRules, matchPolicy, a, env);
  if (match === undefined) return undefined;
  // That a selector cannot be told is only said of requests that the rules name.
  if (bySpace instanceof StatusError) return bySpace;
  return byObject instanceof StatusError ? byObject : match;
}

function selectorIn(selector: MatchResources['objectSelector']): Selector | StatusError {
  try {
    return selectorOf(selector);
  } catch (e) {
    return internalError((e as Error).message, e);
  }
}

/** By the request's own resource. */
function ownMatch(a: AdmissionAttributes, { forms }: Environment): PolicyMatch {
  const { group, version, resource } = a;
  const kind = requestKind(a);
  const form = forms.find(group, version, resource);
  const isObject = a.kindVersion === undefined && kind.kind === form?.kind;
  return { resource: { group, version, resource }, kind, form: isObject ? form : undefined };
}

/** By the request's own resource, else by the others that the same objects are served as. */
function ruledBy(
  rules: NamedRules = [],
  matchPolicy: string | undefined,
  a: AdmissionAttributes,
  env: Environment,
): PolicyMatch | undefined {
  const own = ownMatch(a, env);
  const named = rules.filter(
    ({ resourceNames = [] }) => resourceNames.length === 0 || resourceNames.includes(a.name),
  );
  if (named.some((rule) => ruleMatches(rule, a, a))) return own;
  if (matchPolicy !== 'Equivalent') return undefined;
  const others = env.forms.others(a.group, a.version, a.resource, a.subresource);
  for (const rule of named) {
    const other = others.find((o) => ruleMatches(rule, a, o));
    if (other === undefined) continue;
    const { group, version, resource, kind } = other;
    const seen = { group, version, resource };
    if (own.form === undefined) return { ...own, resource: seen };
    return { resource: seen, kind: { group, version, kind }, form: other };
  }
  return undefined;
}
