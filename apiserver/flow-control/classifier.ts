/** Finds the flow of a request: rules about other users are left out once per user. */
import type { UserInfo } from '../registry/resource.ts';
import type { RequestInfo } from '../server/request-info.ts';
import type { FlowRule } from './matching.ts';

interface Known<F> {
  readonly groups: readonly string[];
  readonly candidates: readonly Candidate<F>[];
}

interface Candidate<F> {
  readonly flow: F;
  readonly rules: readonly FlowRule[];
}

/** How many users are remembered. */
const rememberedLimit = 5_000;

export class Classifier<F> {
  readonly #all: readonly Candidate<F>[];
  readonly #users = new Map<string, Known<F>>();

  /** Flows in the order in which they are tried. */
  constructor(all: readonly Candidate<F>[]) {
    this.#all = all;
  }

  /** The first flow with a rule that matches; the last of all when there is none. */
  flowOf(user: UserInfo, info: RequestInfo): F {
    for (const { flow, rules } of this.#candidates(user)) {
      for (const rule of rules) if (rule.ofRequest(info)) return flow;
    }
    return this.#all.at(-1)!.flow;
  }

  #candidates(user: UserInfo): readonly Candidate<F>[] {
    const known = this.#users.get(user.name);
    if (known !== undefined && sameGroups(known.groups, user.groups)) return known.candidates;
    const candidates = this.#all
      .map(({ flow, rules }) => ({ flow, rules: rules.filter((rule) => rule.ofUser(user)) }))
      .filter(({ rules }) => rules.length > 0);
    if (this.#users.size >= rememberedLimit) this.#users.clear();
    this.#users.set(user.name, { groups: [...user.groups], candidates });
    return candidates;
  }
}

function sameGroups(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
