/**
 * ValidatingAdmissionWebhook: webhooks that may refuse what is written, all asked at once
 * (k8s.io/apiserver/pkg/admission/plugin/webhook/validating).
 */
import type { StatusError } from '../../../machinery/meta/status-error.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { measured, refusalFrom, type WebhookEnvironment } from './asking.ts';
import { callWebhook } from './call.ts';
import { requestTimedOut } from './failures.ts';
import type { Hooks } from './hook.ts';
import { converted, type Invocation, invocationByRules, isChosen } from './invocation.ts';
import { isExempt } from './rules.ts';
import { ObjectVersions, type ShownObjects } from './versions.ts';

/** The plugin over the webhooks of all ValidatingWebhookConfigurations. */
export function validatingWebhooks(hooks: Hooks, env: WebhookEnvironment): AdmissionPlugin {
  return {
    name: 'ValidatingAdmissionWebhook',
    handles: (a) => hooks.any && !isExempt(a),
    async validate(a) {
      const versions = new ObjectVersions(a);
      const asked = { attributes: a, object: a.object, in: versions.in.bind(versions) };
      const calls: { readonly invocation: Invocation; readonly shown: ShownObjects }[] = [];
      for (const hook of hooks.list()) {
        const invocation = invocationByRules(hook, a, env.admission);
        if (invocation === undefined) continue;
        if (!(await isChosen(invocation, asked, env.admission, env.metrics))) continue;
        calls.push({ invocation, shown: converted(() => versions.in(invocation.form)) });
      }
      if (calls.length === 0) return;
      if (a.deadlineMs !== undefined && performance.now() >= a.deadlineMs) throw requestTimedOut();
      // All are waited for; the refusal that came first is the answer.
      const refusals: StatusError[] = [];
      await Promise.all(
        calls.map(async ({ invocation, shown }, index) => {
          const refusal = await askOne(invocation, shown, index, a, env);
          if (refusal !== undefined) refusals.push(refusal);
        }),
      );
      if (refusals[0] !== undefined) throw refusals[0];
    },
  };
}

async function askOne(
  invocation: Invocation,
  shown: ShownObjects,
  index: number,
  a: AdmissionAttributes,
  { metrics, clients }: WebhookEnvironment,
): Promise<StatusError | undefined> {
  const { hook } = invocation;
  try {
    await measured(hook, a, metrics, () => callWebhook(a, invocation, shown, clients));
    return undefined;
  } catch (e) {
    return refusalFrom(e, hook, { round: 0, index }, a, metrics);
  }
}
