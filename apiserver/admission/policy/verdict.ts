/** What came of all policies that were asked about one request. */
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../machinery/schema/wire.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { PolicyMetrics } from './policy-metrics.ts';
import type { PolicyResult, ValidationDecision } from './validating-policy.ts';

/** Why a request is refused. */
export interface Denial {
  readonly message: string;
  readonly reason: string;
}

type Policy = ValidatingAdmissionPolicy;
type Binding = ValidatingAdmissionPolicyBinding;

const failureKey = 'validation.policy.admission.k8s.io/validation_failure';
const maxAnnotationBytes = 10 * 1024;

/** Warns and annotates as it goes; the first denial is the answer. */
export class Verdict {
  private readonly a: AdmissionAttributes;
  private readonly metrics: PolicyMetrics;
  private first: Denial | undefined;
  /** Of the present policy, by key. */
  private readonly annotations = new Map<string, Set<string>>();

  constructor(a: AdmissionAttributes, metrics: PolicyMetrics) {
    this.a = a;
    this.metrics = metrics;
  }

  /** The first denial, if any. */
  denial(): Denial | undefined {
    return this.first;
  }

  /** A policy or a binding that cannot be applied; its failure policy decides. */
  misconfigured(policy: Policy, binding: Binding | undefined, why: string): void {
    if (policy.spec?.failurePolicy === 'Ignore') return;
    const what = binding === undefined ? 'policy' : 'binding';
    this.deny(policy, binding, `failed to configure ${what}: ${why}`, 'Invalid');
  }

  /** What a policy says for a binding with one set of parameters. */
  add(policy: Policy, binding: Binding, { decisions, audit }: PolicyResult, tookMs: number): void {
    for (const [index, decision] of decisions.entries()) {
      if (decision.denied) this.enforce(policy, binding, decision, index, tookMs);
      else if (decision.failed) this.count(policy, binding, decision, 'allow', tookMs);
    }
    for (const entry of audit) {
      if ('error' in entry) {
        this.deny(policy, binding, entry.error, 'Invalid');
        const failed = { failed: true, message: entry.error };
        this.count(policy, binding, failed, 'deny', tookMs);
      } else {
        const values = this.annotations.get(entry.key) ?? new Set();
        this.annotations.set(entry.key, values.add(cut(entry.value)));
      }
    }
  }

  /** Tells the audit log what a policy had to say with all of its bindings. */
  publish(policy: Policy): void {
    for (const [key, values] of this.annotations) {
      this.a.annotate?.(`${nameOf(policy)}/${key}`, [...values].join(', '));
    }
    this.annotations.clear();
  }

  private enforce(
    policy: Policy,
    binding: Binding,
    decision: ValidationDecision,
    index: number,
    tookMs: number,
  ): void {
    const { message, reason = 'Invalid' } = decision;
    for (const action of binding.spec?.validationActions ?? []) {
      if (action === 'Deny') this.deny(policy, binding, message, reason);
      else if (action === 'Audit') this.annotateFailure(policy, binding, message, index);
      else if (action === 'Warn') {
        const names = `'${nameOf(policy)}' with binding '${nameOf(binding)}'`;
        this.a.warn(`Validation failed for ValidatingAdmissionPolicy ${names}: ${message}`);
      }
      const counted = action.toLowerCase() as 'deny' | 'audit' | 'warn';
      this.count(policy, binding, decision, counted, tookMs);
    }
  }

  private annotateFailure(policy: Policy, binding: Binding, message: string, index: number): void {
    const value = {
      message,
      policy: nameOf(policy),
      binding: nameOf(binding),
      expressionIndex: index,
      validationActions: binding.spec?.validationActions ?? [],
    };
    this.a.annotate?.(failureKey, JSON.stringify([value]));
  }

  private deny(policy: Policy, binding: Binding | undefined, why: string, reason: string): void {
    const bound = binding === undefined ? '' : ` with binding '${nameOf(binding)}'`;
    const message = `ValidatingAdmissionPolicy '${nameOf(policy)}'${bound} denied request: ${why}`;
    this.first ??= { message, reason };
  }

  private count(
    policy: Policy,
    binding: Binding,
    decision: Pick<ValidationDecision, 'failed' | 'message'>,
    action: Parameters<PolicyMetrics['checked']>[2],
    tookMs: number,
  ): void {
    this.metrics.checked([nameOf(policy), nameOf(binding)], decision, action, tookMs);
  }
}

function nameOf({ metadata }: Policy | Binding): string {
  return metadata?.name ?? '';
}

function cut(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length <= maxAnnotationBytes ? text : bytes.toString('utf8', 0, maxAnnotationBytes);
}
