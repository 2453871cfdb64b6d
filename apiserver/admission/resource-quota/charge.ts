/** Whether quotas have room for a request, and what is used of them with it. */
import { Quantity } from '../../../machinery/meta/quantity.ts';
import { type Amounts, addAmounts, amountsOf } from '../../../machinery/quota/amounts.ts';
import { scopeRequirements } from '../../../machinery/quota/scopes.ts';
import type { KubeObject, ResourceQuota } from '../../../machinery/schema/wire.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { refused } from '../refusal.ts';
import type { ChargedKind } from './kinds.ts';
import { type LimitedResource, requireCover } from './limited-resources.ts';

/** A quota with what is used of it so far. */
export interface QuotaState {
  readonly quota: ResourceQuota;
  readonly hard: Amounts;
  readonly used: Amounts;
}

/** The state that a quota's status tells. */
export function stateOf(quota: ResourceQuota): QuotaState {
  return { quota, hard: amountsOf(quota.status?.hard), used: amountsOf(quota.status?.used) };
}

/**
 * The states with the request charged; the same array when it changes nothing. Throws the refusal
 * when a quota would be exceeded, or when what the object says is not enough to tell.
 */
export function charge(
  states: readonly QuotaState[],
  a: AdmissionAttributes,
  kind: ChargedKind,
  limited: readonly LimitedResource[],
  nowMs: number,
): readonly QuotaState[] {
  const object = a.object!;
  const matching = states.filter((state) => applies(state, kind, object));
  for (const state of matching) requireTold(state, a, kind);
  const usage = kind.evaluator.usage(object, nowMs);
  const negative = [...usage].filter(([, q]) => q.sign() < 0).map(([name]) => name);
  if (negative.length > 0) {
    throw refused(a, `quota usage is negative for resource(s): ${negative.sort().join(',')}`);
  }
  const prev = a.operation === 'UPDATE' ? a.oldObject : undefined;
  const before = prev && kind.evaluator.usage(prev, nowMs);
  const grown = withoutZeros(before === undefined ? usage : growth(usage, before));
  const charges = new Map<QuotaState, Amounts>();
  for (const state of matching) {
    // An object that comes into a scope is charged whole.
    const known = prev === undefined || applies(state, kind, prev);
    const amounts = known ? grown : withoutZeros(usage);
    if (amounts.size > 0) charges.set(state, amounts);
  }
  if (matching.length > 0 ? charges.size === 0 : grown.size === 0) return states;
  requireCover({ a, kind, usage, states, matching, limited });
  if (charges.size === 0) return states;
  return states.map((state) => {
    const amounts = charges.get(state);
    return amounts === undefined ? state : charged(state, amounts, a);
  });
}

/** True when the quota limits something of this kind, and the object is in all its scopes. */
function applies({ quota, hard }: QuotaState, kind: ChargedKind, object: KubeObject): boolean {
  if (![...hard.keys()].some((name) => kind.evaluator.tracks(name))) return false;
  return scopeRequirements(quota.spec).every((scope) => kind.evaluator.inScope(object, scope));
}

function requireTold(
  { quota, hard, used }: QuotaState,
  a: AdmissionAttributes,
  kind: ChargedKind,
): void {
  const names = [...hard.keys()].filter((name) => kind.evaluator.tracks(name)).sort();
  const problem = kind.problem(names, a.object!);
  const quotaName = quota.metadata?.name ?? '';
  if (problem !== undefined) throw refused(a, `failed quota: ${quotaName}: ${problem}`);
  if (names.every((name) => used.has(name))) return;
  throw refused(a, `status unknown for quota: ${quotaName}, resources: ${names.join(',')}`);
}

function charged(state: QuotaState, amounts: Amounts, a: AdmissionAttributes): QuotaState {
  const requested = new Map([...amounts].filter(([name]) => state.hard.has(name)));
  const used = new Map(state.used);
  addAmounts(used, requested);
  const exceeded = [...requested.keys()].filter(
    (name) => used.get(name)!.cmp(state.hard.get(name)!) > 0,
  );
  // What a status tells has already happened.
  if (exceeded.length > 0 && a.subresource !== 'status') {
    const shown = (list: Amounts) => amountsText(list, exceeded);
    throw refused(
      a,
      `exceeded quota: ${state.quota.metadata?.name}, requested: ${shown(requested)}, used: ${shown(state.used)}, limited: ${shown(state.hard)}`,
    );
  }
  return { ...state, used };
}

function amountsText(list: Amounts, names: readonly string[]): string {
  return names
    .toSorted()
    .flatMap((name) => (list.has(name) ? [`${name}=${list.get(name)}`] : []))
    .join(',');
}

/** What is more than before; what is less is taken back by the controller that counts. */
function growth(usage: Amounts, before: Amounts): Amounts {
  return new Map(
    [...usage].map(([name, q]) => {
      const more = q.sub(before.get(name) ?? Quantity.zero);
      return [name, more.sign() > 0 ? more : Quantity.zero];
    }),
  );
}

function withoutZeros(amounts: Amounts): Amounts {
  return new Map([...amounts].filter(([, q]) => !q.isZero()));
}
