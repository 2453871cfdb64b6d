/** Webhooks as configurations declare them, ready to be asked about requests. */
import { type Selector, selectorOf } from '../../../machinery/meta/labels.ts';
import { internalError, type StatusError } from '../../../machinery/meta/status-error.ts';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../../machinery/schema/wire.ts';
import { MatchConditions } from '../../cel/match-conditions.ts';
import type { WatchedObjects } from '../admission.ts';

/** `admit`: the webhook may change the object; as metrics name the two. */
export type HookType = 'admit' | 'validating';

export type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;
export type Declared = MutatingWebhook & ValidatingWebhook;

export interface Hook {
  readonly type: HookType;
  /** Its configuration, its name, and which of that name it is. */
  readonly uid: string;
  readonly configuration: string;
  readonly name: string;
  readonly declared: Declared;
  readonly ignoresFailures: boolean;
  /** What the selectors are, or what is wrong with them. */
  readonly namespaceSelector: Selector | StatusError;
  readonly objectSelector: Selector | StatusError;
  /** Undefined: there are none. */
  readonly conditions: MatchConditions | undefined;
}

/** The webhooks of all configurations of a kind, by the configurations' names and their own order. */
export class Hooks {
  readonly #type: HookType;
  readonly #watched: WatchedObjects<Configuration>;
  #revision = -1;
  #hooks: readonly Hook[] = [];
  /** What was made of each configuration as it stands. */
  #made = new Map<Configuration, readonly Hook[]>();

  constructor(type: HookType, watched: WatchedObjects<Configuration>) {
    this.#type = type;
    this.#watched = watched;
  }

  /** Whether there is any configuration at all; costs nothing. */
  get any(): boolean {
    return this.#watched.count > 0;
  }

  /** The present ones. */
  list(): readonly Hook[] {
    const { revision } = this.#watched;
    if (revision === this.#revision) return this.#hooks;
    const made = new Map<Configuration, readonly Hook[]>();
    for (const c of this.#watched.list()) made.set(c, this.#made.get(c) ?? hooksOf(c, this.#type));
    this.#made = made;
    this.#hooks = [...made.values()].flat();
    this.#revision = revision;
    return this.#hooks;
  }
}

function hooksOf({ metadata, webhooks = [] }: Configuration, type: HookType): Hook[] {
  const configuration = metadata?.name ?? '';
  const seen = new Map<string, number>();
  return (webhooks as Declared[]).map((declared) => {
    const { name, matchConditions = [] } = declared;
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return {
      type,
      uid: `${configuration}/${name}/${before}`,
      configuration,
      name,
      declared,
      ignoresFailures: declared.failurePolicy === 'Ignore',
      namespaceSelector: selectorOrProblem(declared.namespaceSelector),
      objectSelector: selectorOrProblem(declared.objectSelector),
      conditions:
        matchConditions.length === 0
          ? undefined
          : new MatchConditions(matchConditions, { params: false }),
    };
  });
}

function selectorOrProblem(selector: Declared['objectSelector']): Selector | StatusError {
  try {
    return selectorOf(selector);
  } catch (e) {
    return internalError((e as Error).message, e);
  }
}
