/** What is counted of who asks and whether they may, under upstream's names. */
import { type Cell, Counter } from '../metrics/counter.ts';
import type { MetricRegistry } from '../metrics/registry.ts';

export interface AuthMetrics {
  readonly authenticated: Cell;
  /** A credential that is not valid. */
  readonly failed: Cell;
  /** No credential, where there must be one. */
  readonly missing: Cell;
  readonly allowed: Cell;
  readonly denied: Cell;
  readonly undecided: Cell;
  /** An authorizer could not tell. */
  readonly broken: Cell;
  /** One more request of a user. */
  countUser(name: string): void;
}

const knownUsers = new Set([
  'admin',
  'client',
  'kube_proxy',
  'kubelet',
  'system:serviceaccount:kube-system:default',
]);

/** Adds them to what /metrics shows. */
export function authMetrics(registry: Pick<MetricRegistry, 'add'>): AuthMetrics {
  const attempts = new Counter(
    'authentication_attempts',
    'Requests by whether their sender could be found out.',
    ['result'],
  );
  const decisions = new Counter(
    'authorization_attempts_total',
    'Requests by whether their sender may do what they ask for.',
    ['result'],
  );
  const users = new Counter(
    'authenticated_user_requests',
    'Requests by user; all but a few names count as one.',
    ['username'],
  );
  registry.add(attempts, decisions, users);
  const address = users.of('email_id');
  const other = users.of('other');
  return {
    authenticated: attempts.of('success'),
    failed: attempts.of('error'),
    missing: attempts.of('failure'),
    allowed: decisions.of('allowed'),
    denied: decisions.of('denied'),
    undecided: decisions.of('no-opinion'),
    broken: decisions.of('error'),
    countUser(name) {
      if (knownUsers.has(name)) users.of(name).value++;
      else (name.includes('@') ? address : other).value++;
    },
  };
}
