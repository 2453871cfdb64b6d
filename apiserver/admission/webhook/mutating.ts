/**
 * MutatingAdmissionWebhook: webhooks that may change what is written, one after the other
 * (k8s.io/apiserver/pkg/admission/plugin/webhook/mutating).
 */
import { deepCopy } from '../../../machinery/meta/copy.ts';
import { jsonEqual } from '../../../machinery/meta/equality.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import { apiVersionOf } from '../../registry/served-resource.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { Reinvocation } from '../reinvocation.ts';
import { annotateMutation, annotatePatch, type Turn } from './annotations.ts';
import { measured, refusalFrom, type WebhookEnvironment } from './asking.ts';
import { callWebhook } from './call.ts';
import type { Hooks } from './hook.ts';
import { converted, type Invocation, invocationByRules, isChosen } from './invocation.ts';
import { patched } from './patching.ts';
import { isExempt } from './rules.ts';
import { ChangingObject } from './versions.ts';

const name = 'MutatingAdmissionWebhook';

/** What is kept between the two runs of the mutating phase. */
interface Memory {
  /** Webhooks that want to be asked again after a change, and have seen all changes so far. */
  readonly reinvocable: Set<string>;
  /** Those that a change came after. */
  readonly again: Set<string>;
  /** The object as the plugin left it. */
  left: KubeObject | undefined;
}

/** The plugin over the webhooks of all MutatingWebhookConfigurations. */
export function mutatingWebhooks(hooks: Hooks, env: WebhookEnvironment): AdmissionPlugin {
  return {
    name,
    handles: (a) => hooks.any && !isExempt(a),
    async admit(a) {
      const reinvocation = a.reinvocation ?? new Reinvocation();
      const memory = reinvocation.note<Memory>(name, () => ({
        reinvocable: new Set(),
        again: new Set(),
        left: undefined,
      }));
      const running = reinvocation.running;
      // Other plugins, asked again, have changed the object.
      if (running && !jsonEqual(memory.left, a.object)) askAgain(memory);
      const object = new ChangingObject(a);
      const asked = {
        attributes: a,
        get object() {
          return object.object;
        },
        in: object.in.bind(object),
      };
      for (const [index, hook] of hooks.list().entries()) {
        const invocation = invocationByRules(hook, a, env.admission);
        if (invocation === undefined) continue;
        if (!(await isChosen(invocation, asked, env.admission, env.metrics))) continue;
        // Who was not asked in the first run is not asked in the second, either.
        if (running && !memory.again.has(hook.uid)) continue;
        const turn = { round: running ? 1 : 0, index };
        const changed = await askOne(invocation, turn, a, object, env);
        if (changed) {
          askAgain(memory);
          reinvocation.want();
        }
        if (hook.declared.reinvocationPolicy === 'IfNeeded') memory.reinvocable.add(hook.uid);
      }
      converted(() => object.settle());
      // Only those that want to be asked again care for what comes after.
      if (memory.reinvocable.size > 0) memory.left = deepCopy(a.object);
    },
  };
}

function askAgain(memory: Memory): void {
  for (const uid of memory.reinvocable) memory.again.add(uid);
  memory.reinvocable.clear();
}

/** Asks one webhook; whether it has changed the object. Throws StatusError. */
async function askOne(
  invocation: Invocation,
  turn: Turn,
  a: AdmissionAttributes,
  object: ChangingObject,
  env: WebhookEnvironment,
): Promise<boolean> {
  const { hook, kind, form } = invocation;
  const shown = converted(() => object.in(form));
  let changed = false;
  try {
    await measured(hook, a, env.metrics, async () => {
      const verdict = await callWebhook(a, invocation, shown, env.clients);
      const after = patched(hook.name, verdict, shown.object, {
        apiVersion: apiVersionOf(kind.group, kind.version),
        kind: kind.kind,
        type: form?.type,
      });
      if (after === undefined) return;
      ({ changed } = after);
      object.replace(after.object);
      annotatePatch(a, hook, turn, after.operations);
    });
  } catch (e) {
    const refusal = refusalFrom(e, hook, turn, a, env.metrics);
    if (refusal !== undefined) throw refusal;
  } finally {
    annotateMutation(a, hook, turn, changed);
  }
  return changed;
}
