/**
 * Acting as another user. Constrained modes (KEP-5284) come first: each lets one kind of user be
 * impersonated for one verb (`impersonate-on:MODE:VERB`) by who may impersonate such a user at all
 * (`impersonate:MODE`); the old way, `impersonate` for everything, comes last.
 */
import type { UserInfo } from '../../registry/resource.ts';
import type { AccessAttributes, Authorizer } from '../authorizer.ts';
import { ExpiringCache } from '../expiring-cache.ts';
import { serviceAccountOf } from '../service-account-user.ts';
import { type AccessCheck, accessCheck } from './access-check.ts';
import { checkUser, nodeNameOf } from './user-check.ts';
import type { WantedUser } from './wanted-user.ts';

/** Whom the request now acts as. */
export interface Impersonated {
  readonly user: UserInfo;
  /** The verb that allowed it, for the audit log; '' for the old way. */
  readonly constraint: string;
}

interface Mode {
  readonly name: string;
  /** Whether the mode is about such a user, and this requestor. */
  applies(wanted: WantedUser, requestor: UserInfo): boolean;
  /** What is asked instead of the real attributes. */
  disguise?(attributes: AccessAttributes): AccessAttributes;
}

const nodeNameKey = 'authentication.kubernetes.io/node-name';
const associatedKeys = 'authentication.kubernetes.io/associated-node-keys';
const associatedVerb = 'impersonate:associated-node';

const modes: readonly Mode[] = [
  {
    name: 'associated-node',
    applies(wanted, requestor) {
      const node = nameOnly(wanted) ? nodeNameOf(wanted.name) : undefined;
      const own = requestor.extra?.[nodeNameKey] ?? [];
      return (
        node !== undefined &&
        serviceAccountOf(requestor.name) !== undefined &&
        own.length === 1 &&
        own[0] === node
      );
    },
    // The same right for an account's pods on all nodes: which node it is has been checked.
    disguise: (a) => ({
      ...a,
      user: { ...a.user, extra: { [associatedKeys]: Object.keys(a.user.extra ?? {}).sort() } },
      ...(a.verb === associatedVerb ? { name: '*' } : {}),
    }),
  },
  {
    name: 'arbitrary-node',
    applies: (wanted) => nameOnly(wanted) && nodeNameOf(wanted.name) !== undefined,
  },
  {
    name: 'serviceaccount',
    applies: (wanted) => nameOnly(wanted) && serviceAccountOf(wanted.name) !== undefined,
  },
  {
    name: 'user-info',
    applies: ({ name }) => nodeNameOf(name) === undefined && serviceAccountOf(name) === undefined,
  },
];

type Attempt = (
  wanted: WantedUser,
  attributes: AccessAttributes,
) => Promise<Impersonated | undefined>;

/** How long what was allowed is not asked again, as tokens are. */
const holdsMs = 10_000;
const cacheLimit = 4096;
/** Users whose way of impersonating is remembered. */
const lastLimit = 10_000;
const lastHoldsMs = 24 * 3600 * 1000;

/** Decides who may act as whom; holds what it allowed for ten seconds. */
export class Impersonation {
  readonly #attempts: readonly Attempt[];
  /** The way that last worked, by the requestor's name: it is tried first. */
  readonly #last: ExpiringCache<Attempt>;

  constructor(authorizer: Authorizer, now: () => number) {
    const check = accessCheck(authorizer);
    this.#last = new ExpiringCache(lastLimit, now);
    this.#attempts = [
      ...modes.map((mode) => constrained(mode, check, now)),
      async (wanted, { user }) => {
        const mode = { verb: 'impersonate', constrained: false };
        return { user: await checkUser(wanted, user, mode, check), constraint: '' };
      },
    ];
  }

  /** `attributes`: of the request, made by who wants to act as another. Throws 403. */
  async impersonate(wanted: WantedUser, attributes: AccessAttributes): Promise<Impersonated> {
    const { name } = attributes.user;
    const last = this.#last.get(name);
    const order =
      last === undefined
        ? this.#attempts
        : [last, ...this.#attempts.filter((attempt) => attempt !== last)];
    let problem: unknown;
    for (const attempt of order) {
      try {
        const found = await attempt(wanted, attributes);
        if (found === undefined) continue;
        if (attempt !== last) this.#last.set(name, attempt, lastHoldsMs);
        return found;
      } catch (e) {
        problem ??= e;
      }
    }
    throw problem;
  }
}

function constrained(mode: Mode, ask: AccessCheck, now: () => number): Attempt {
  const verb = `impersonate:${mode.name}`;
  const users = new ExpiringCache<UserInfo>(cacheLimit, now);
  const disguise = mode.disguise ?? ((a: AccessAttributes) => a);
  const check: AccessCheck = (a) => ask(disguise(a));
  return async (wanted, attributes) => {
    if (!mode.applies(wanted, attributes.user)) return undefined;
    await check({ ...attributes, verb: `impersonate-on:${mode.name}:${attributes.verb}` });
    const key = keyOf(wanted, disguise(attributes).user);
    let user = users.get(key);
    if (user === undefined) {
      user = await checkUser(wanted, attributes.user, { verb, constrained: true }, check);
      users.set(key, user, holdsMs);
    }
    return { user, constraint: verb };
  };
}

/** All that the checks of a user look at. */
function keyOf(wanted: WantedUser, requestor: UserInfo): string {
  const sorted = (extra: readonly (readonly [string, readonly string[]])[]) =>
    [...extra].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    requestor.name,
    requestor.uid ?? '',
    requestor.groups,
    sorted(Object.entries(requestor.extra ?? {})),
    wanted.name,
    wanted.uid,
    wanted.groups,
    sorted([...wanted.extra]),
  ]);
}

function nameOnly({ uid, groups, extra }: WantedUser): boolean {
  return uid === '' && groups.length === 0 && extra.size === 0;
}
