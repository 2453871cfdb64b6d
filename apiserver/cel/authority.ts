/**
 * Authorization checks of expressions. Evaluation cannot wait, but authorizers may have to (webhooks
 * do): an evaluation that asks such a thing is stopped, the answer is waited for, and the
 * evaluation starts again with the answers so far. Expressions have no effects, and may ask twice.
 */
import type {
  AccessAnswer,
  AccessQuestion,
  Authority,
} from '../../machinery/cel/library/authorizer.ts';
import type { AccessAttributes, Decision } from '../auth/authorizer.ts';
import { fieldRequirements, labelRequirements } from '../auth/selector-requirements.ts';
import { serviceAccountUser } from '../auth/service-account-user.ts';
import type { UserInfo } from '../registry/resource.ts';

/** Who decides; the real server's authorizers in their order. */
export type Decide = (attributes: AccessAttributes) => Promise<Decision> | Decision;

/** For one request: what was decided once is not asked again, also by other policies. */
export function rememberingDecisions(decide: Decide): Decide {
  const known = new Map<string, Promise<Decision> | Decision>();
  return (attributes) => {
    const key = JSON.stringify(attributes);
    let decision = known.get(key);
    if (decision === undefined) {
      decision = decide(attributes);
      known.set(key, decision);
    }
    return decision;
  };
}

/** Thrown through an evaluation. */
class AnswerNeeded {
  readonly answer: Promise<Decision>;
  readonly key: string;

  constructor(answer: Promise<Decision>, key: string) {
    this.answer = answer;
    this.key = key;
  }
}

/** Runs an evaluation that may ask what `user` is allowed; as often as its questions need. */
export async function withAuthority<T>(
  user: UserInfo,
  decide: Decide,
  evaluate: (authority: Authority) => T,
): Promise<T> {
  const answers = new Map<string, AccessAnswer>();
  const authority: Authority = (question) => {
    const key = JSON.stringify(question);
    const known = answers.get(key);
    if (known !== undefined) return known;
    const decision = decide(attributesOf(question, user));
    if (decision instanceof Promise) throw new AnswerNeeded(decision, key);
    const answer = answerOf(decision);
    answers.set(key, answer);
    return answer;
  };
  for (;;) {
    try {
      return evaluate(authority);
    } catch (e) {
      if (!(e instanceof AnswerNeeded)) throw e;
      answers.set(e.key, answerOf(await e.answer));
    }
  }
}

function answerOf({ decision, reason, error }: Decision): AccessAnswer {
  return { allowed: decision === 'allow', reason, ...(error === undefined ? {} : { error }) };
}

function attributesOf({ account, verb, use }: AccessQuestion, user: UserInfo): AccessAttributes {
  const asked =
    account === undefined ? user : serviceAccountUser(account.namespace, account.name, '');
  const none = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
  if ('path' in use) return { ...none, user: asked, verb, resourceRequest: false, path: use.path };
  const { fieldSelector, labelSelector, ...resource } = use;
  const fields = fieldSelector === '' ? undefined : fieldRequirements(fieldSelector);
  const labels = labelSelector === '' ? undefined : labelRequirements(labelSelector);
  return {
    ...resource,
    version: '*',
    user: asked,
    verb,
    resourceRequest: true,
    path: '',
    ...(fields === undefined ? {} : { fieldSelector: fields }),
    ...(labels === undefined ? {} : { labelSelector: labels }),
  };
}
