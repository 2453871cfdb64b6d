/** The checks of one limit of a LimitRange, with the texts of the real server. */
import { Quantity } from '../../machinery/meta/quantity.ts';
import { type Amounts, amountsOf } from '../../machinery/quota/amounts.ts';
import type { LimitRange } from '../../machinery/schema/wire.ts';

/** An entry of `spec.limits`. */
export type Limit = NonNullable<LimitRange['spec']>['limits'][number];

/** What a container, or a pod as a whole, asks for. */
export interface Asked {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/** Texts of what breaks the limit, by resource name within each kind of check. */
export function problemsOf(limit: Limit, asked: Asked): string[] {
  return [
    ...sorted(limit.min).map(([name, q]) => belowMinimum(limit.type, name, q, asked)),
    ...sorted(limit.max).map(([name, q]) => aboveMaximum(limit.type, name, q, asked)),
    ...sorted(limit.maxLimitRequestRatio).map(([name, q]) => ratio(limit.type, name, q, asked)),
  ].filter((problem) => problem !== undefined);
}

/** As `problemsOf` for what has requests only: limits are not asked for. */
export function problemsOfClaim(limit: Limit, requests: Amounts): string[] {
  const asked: Asked = { requests, limits: new Map() };
  return [
    ...sorted(limit.min).map(([name, q]) => belowMinimum(limit.type, name, q, asked)),
    ...sorted(limit.max).map(([name, most]) => {
      const request = requests.get(name);
      const head = `maximum ${name} usage per ${limit.type} is ${most}`;
      if (request === undefined) return `${head}.  No request is specified`;
      return isLess(most, request) ? `${head}, but request is ${request}` : undefined;
    }),
  ].filter((problem) => problem !== undefined);
}

function sorted(list: Readonly<Record<string, string>> | undefined): [string, Quantity][] {
  return [...amountsOf(list)].sort(([a], [b]) => (a < b ? -1 : 1));
}

function belowMinimum(
  type: string,
  name: string,
  least: Quantity,
  asked: Asked,
): string | undefined {
  const request = asked.requests.get(name);
  const limit = asked.limits.get(name);
  const head = `minimum ${name} usage per ${type} is ${least}`;
  if (request === undefined) return `${head}.  No request is specified`;
  if (isLess(request, least)) return `${head}, but request is ${request}`;
  return limit !== undefined && isLess(limit, least) ? `${head}, but limit is ${limit}` : undefined;
}

function aboveMaximum(
  type: string,
  name: string,
  most: Quantity,
  asked: Asked,
): string | undefined {
  const request = asked.requests.get(name);
  const limit = asked.limits.get(name);
  const head = `maximum ${name} usage per ${type} is ${most}`;
  if (limit === undefined) return `${head}.  No limit is specified`;
  if (isLess(most, limit)) return `${head}, but limit is ${limit}`;
  return request !== undefined && isLess(most, request)
    ? `${head}, but request is ${request}`
    : undefined;
}

function ratio(type: string, name: string, most: Quantity, asked: Asked): string | undefined {
  const request = asked.requests.get(name) ?? Quantity.zero;
  const limit = asked.limits.get(name) ?? Quantity.zero;
  const head = `${name} max limit to request ratio per ${type} is ${most}`;
  if (request.isZero()) return `${head}, but no request is specified or request is 0`;
  if (limit.isZero()) return `${head}, but no limit is specified or limit is 0`;
  const amountOf = [request, limit, most].every(hasMillis) ? millis : whole;
  const provided = amountOf(limit) / amountOf(request);
  const tooMuch = hasMillis(most) ? provided * 1000 > millis(most) : provided > whole(most);
  return tooMuch ? `${head}, but provided ratio is ${provided.toFixed(6)}` : undefined;
}

const millis = (q: Quantity) => Number(q.toMillis());
const whole = (q: Quantity) => Number(q.value());

/** True for amounts whose thousandths are numbers of 64 bits. */
function hasMillis(q: Quantity): boolean {
  return q.value() <= (2n ** 63n - 1n) / 1000n;
}

/** Amounts are compared in thousandths, rounded up. */
function isLess(a: Quantity, b: Quantity): boolean {
  return hasMillis(a) && hasMillis(b) ? a.toMillis() < b.toMillis() : a.value() < b.value();
}
