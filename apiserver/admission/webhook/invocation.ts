/** Which webhooks are asked about a request, and as what they are shown it. */
import { forbidden, internalError, StatusError } from '../../../machinery/meta/status-error.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionEnvironment } from '../admission.ts';
import { type KindName, requestKind } from '../request-kind.ts';
import type { ResourceForm } from '../resource-forms.ts';
import type { Hook } from './hook.ts';
import { type RuledResource, ruleMatches } from './rules.ts';
import { namespaceChosen, objectChosen } from './selectors.ts';
import type { ShownObjects } from './versions.ts';
import type { WebhookMetrics } from './webhook-metrics.ts';

/** A webhook that is to be asked, with the resource and the kind that it knows the request by. */
export interface Invocation {
  readonly hook: Hook;
  readonly resource: RuledResource;
  readonly kind: KindName;
  /** The version that the objects are shown in; undefined: as they are. */
  readonly form: ResourceForm | undefined;
}

type Environment = Pick<AdmissionEnvironment, 'access' | 'fresh' | 'forms' | 'decide'>;

/** What asking needs to know of a request beside its attributes. */
export interface Asked {
  readonly attributes: AdmissionAttributes;
  /** As other webhooks have left it. */
  readonly object: KubeObject | undefined;
  in(form: ResourceForm | undefined): ShownObjects;
}

/**
 * Whether a webhook whose rules name a request is asked about it: by its selectors and match
 * conditions. Throws StatusError.
 */
export async function isChosen(
  invocation: Invocation,
  { attributes: a, object, in: shown }: Asked,
  env: Environment,
  metrics: WebhookMetrics,
): Promise<boolean> {
  const { hook } = invocation;
  const bySpace = await namespaceChosen(hook.namespaceSelector, { ...a, object }, env);
  if (bySpace === false) return false;
  const byObject = objectChosen(hook.objectSelector, object, a.oldObject);
  if (byObject === false) return false;
  if (bySpace instanceof StatusError) throw bySpace;
  if (byObject instanceof StatusError) throw byObject;
  if (hook.conditions === undefined) return true;
  const { kind, form } = invocation;
  // However it was matched, conditions are told of the request's own resource.
  const input = { attributes: a, ...converted(() => shown(form)), kind, resource: a };
  const match = await hook.conditions.match(input, env.decide, metrics.conditionsOf(hook));
  if ('problem' in match) {
    if (hook.ignoresFailures) return false;
    throw forbidden({ group: a.group, resource: a.resource }, a.name, match.problem);
  }
  if (match.matches) return true;
  metrics.conditionExcluded(hook, a.operation);
  return false;
}

/** Objects that cannot be shown in a version are the server's fault. */
export function converted<T>(convert: () => T): T {
  try {
    return convert();
  } catch (e) {
    throw internalError((e as Error).message, e);
  }
}

/**
 * The invocation of a webhook whose rules name the request: its own resource, else one of those that
 * the same objects are served as. Undefined: they do not; most webhooks are done with by this.
 */
export function invocationByRules(
  hook: Hook,
  a: AdmissionAttributes,
  { forms }: Pick<Environment, 'forms'>,
): Invocation | undefined {
  const { group, version, resource, subresource } = a;
  const { rules = [], matchPolicy } = hook.declared;
  const own = requestKind(a);
  const ownForm = forms.find(group, version, resource);
  const isObject = a.kindVersion === undefined && own.kind === ownForm?.kind;
  if (rules.some((rule) => ruleMatches(rule, a, a))) {
    const named = { group, version, resource };
    return { hook, resource: named, kind: own, form: isObject ? ownForm : undefined };
  }
  if (matchPolicy !== 'Equivalent') return undefined;
  const others = forms.others(group, version, resource, subresource);
  for (const rule of rules) {
    const other = others.find((o) => ruleMatches(rule, a, o));
    if (other === undefined) continue;
    const named = { group: other.group, version: other.version, resource: other.resource };
    if (!isObject) return { hook, resource: named, kind: own, form: undefined };
    const kind = { group: other.group, version: other.version, kind: other.kind };
    return { hook, resource: named, kind, form: other };
  }
  return undefined;
}
