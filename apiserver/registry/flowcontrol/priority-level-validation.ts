/** The rules of PriorityLevelConfigurations. */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import type { PriorityLevelConfiguration } from '../../../machinery/schema/wire.ts';
import { flowcontrolBootstrap } from '../bootstrap/bootstrap.ts';
import { internalForm } from '../internal-form.ts';
import { validateConditionTypes } from './flow-schema-validation.ts';

type Spec = NonNullable<PriorityLevelConfiguration['spec']>;
type Limited = NonNullable<Spec['limited']>;
type Response = NonNullable<Limited['limitResponse']>;
type Queuing = NonNullable<Response['queuing']>;

const zeroSharesAnnotation = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares';
const maxQueues = 10_000_000;
/** Bits of a flow's hash that choose its hand of queues. */
const maxHashBits = 60;
const specPath = FieldPath.of('spec');
let mandatory: ReadonlyMap<string, Spec> | undefined;

/** The levels that must be as the server made them. */
function mandatorySpec(name: string): Spec | undefined {
  mandatory ??= new Map(
    flowcontrolBootstrap()
      .prioritylevelconfigurations.filter((l) =>
        ['exempt', 'catch-all'].includes(l.metadata?.name ?? ''),
      )
      .map((l) => [l.metadata!.name!, l.spec!]),
  );
  return mandatory.get(name);
}

export function validatePriorityLevel(next: PriorityLevelConfiguration): FieldError[] {
  const { name = '', annotations = {} } = next.metadata ?? {};
  const errors: FieldError[] = [];
  if (zeroSharesAnnotation in annotations) {
    const text = `annotation '${zeroSharesAnnotation}' is forbidden`;
    errors.push(forbiddenField(FieldPath.of('metadata', 'annotations'), text));
  }
  errors.push(...validateSpec(next.spec!, name), ...validateMandatory(next.spec!, name));
  return [...errors, ...validateConditionTypes(next.status?.conditions)];
}

function validateMandatory(spec: Spec, name: string): FieldError[] {
  const fixed = mandatorySpec(name);
  if (fixed === undefined) return [];
  const isExempt = name === 'exempt';
  const compared = isExempt ? { ...spec, exempt: fixed.exempt } : spec;
  if (deepEqual(compared, fixed)) return [];
  const except = isExempt ? " except the 'spec.exempt' field" : '';
  const shown = internalForm('flowcontrol/v1.PriorityLevelConfigurationSpec', spec);
  return [invalidValue(specPath, shown, `spec of '${name}'${except} must equal the fixed value`)];
}

function validateSpec(spec: Spec, name: string): FieldError[] {
  const type = spec.type ?? '';
  const errors: FieldError[] = [];
  const limitedAt = specPath.child('limited');
  const exemptAt = specPath.child('exempt');
  if ((name === 'exempt') !== (type === 'Exempt')) {
    const text = "must be 'Exempt' if and only if `name` is 'exempt'";
    errors.push(invalidValue(specPath.child('type'), type, text));
  }
  if (type === 'Exempt') {
    if (spec.limited !== undefined) {
      errors.push(forbiddenField(limitedAt, 'must be nil if the type is not Limited'));
    }
    const { nominalConcurrencyShares = 0, lendablePercent } = spec.exempt ?? {};
    errors.push(...validateShares(nominalConcurrencyShares, exemptAt));
    errors.push(...validateLendable(lendablePercent, exemptAt));
  } else if (type === 'Limited') {
    if (spec.exempt !== undefined) {
      errors.push(forbiddenField(exemptAt, 'must be nil if the type is Limited'));
    }
    if (spec.limited === undefined) {
      errors.push(required(limitedAt, 'must not be empty when type is Limited'));
    } else errors.push(...validateLimited(spec.limited, limitedAt));
  } else errors.push(notSupported(specPath.child('type'), type, ['Exempt', 'Limited']));
  return errors;
}

function validateShares(shares: number, at: FieldPath): FieldError[] {
  if (shares >= 0) return [];
  const text = 'must be a non-negative integer';
  return [invalidValue(at.child('nominalConcurrencyShares'), shares, text)];
}

function validateLendable(percent: number | undefined, at: FieldPath): FieldError[] {
  if (percent === undefined || (percent >= 0 && percent <= 100)) return [];
  const text = 'must be between 0 and 100, inclusive';
  return [invalidValue(at.child('lendablePercent'), percent, text)];
}

function validateLimited(limited: Limited, at: FieldPath): FieldError[] {
  const errors = [
    ...validateShares(limited.nominalConcurrencyShares ?? 0, at),
    ...validateResponse(limited.limitResponse, at.child('limitResponse')),
    ...validateLendable(limited.lendablePercent, at),
  ];
  const borrowing = limited.borrowingLimitPercent;
  if (borrowing !== undefined && borrowing < 0) {
    const text = 'if specified, must be a non-negative integer';
    errors.push(invalidValue(at.child('borrowingLimitPercent'), borrowing, text));
  }
  return errors;
}

function validateResponse(response: Response | undefined, at: FieldPath): FieldError[] {
  const type = response?.type ?? '';
  const queuing = response?.queuing;
  const queuingAt = at.child('queuing');
  if (type === 'Reject') {
    if (queuing === undefined) return [];
    const text = 'must be nil if limited.limitResponse.type is not Limited';
    return [forbiddenField(queuingAt, text)];
  }
  if (type !== 'Queue') return [notSupported(at.child('type'), type, ['Queue', 'Reject'])];
  if (queuing !== undefined) return validateQueuing(queuing, queuingAt);
  return [required(queuingAt, 'must not be empty if limited.limitResponse.type is Limited')];
}

function validateQueuing(queuing: Queuing, at: FieldPath): FieldError[] {
  const { queueLengthLimit = 0, queues = 0, handSize = 0 } = queuing;
  const errors: FieldError[] = [];
  const invalid = (field: string, value: number, text: string) =>
    errors.push(invalidValue(at.child(field), value, text));
  if (queueLengthLimit <= 0) invalid('queueLengthLimit', queueLengthLimit, 'must be positive');
  if (queues <= 0) invalid('queues', queues, 'must be positive');
  else if (queues > maxQueues) invalid('queues', queues, `must not be greater than ${maxQueues}`);
  if (handSize <= 0) invalid('handSize', handSize, 'must be positive');
  else if (handSize > queues) {
    invalid('handSize', handSize, `should not be greater than queues (${queues})`);
  } else if (Math.ceil(Math.log2(queues) * handSize) > maxHashBits) {
    const text =
      `required entropy bits of deckSize ${queues} and handSize ${handSize} ` +
      `should not be greater than ${maxHashBits}`;
    invalid('handSize', handSize, text);
  }
  return errors;
}
