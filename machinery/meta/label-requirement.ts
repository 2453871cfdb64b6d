/** One term of a label selector: its check, its meaning, its text. */
import {
  type FieldError,
  FieldPath,
  invalidValue,
  notSupported,
  summarize,
} from './field-error.ts';
import { isLabelValue, isQualifiedName } from './names.ts';

/** Operators as the server's texts name them. */
export type SelectorOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

/** A set of labels; absent is the same as empty. */
export type Labels = Readonly<Record<string, string>> | undefined;

/** One term of a selector. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  /** Empty for `exists` and `!`; one value for all but `in` and `notin`. */
  readonly values: readonly string[];
}

/** A selector that cannot be read. The message is what a 400 answer shows. */
export class LabelSelectorError extends Error {
  override readonly name = 'LabelSelectorError';
}

const supportedOperators = ['!', '!=', '=', '==', 'exists', 'gt', 'in', 'lt', 'notin'];

/** A checked requirement; throws LabelSelectorError. */
export function labelRequirement(
  key: string,
  operator: SelectorOperator,
  values: readonly string[],
): LabelRequirement {
  const errors: FieldError[] = [];
  const at = FieldPath.of('values');
  const keyProblems = isQualifiedName(key);
  if (keyProblems.length > 0) {
    errors.push(invalidValue(FieldPath.of('key'), key, keyProblems.join('; ')));
  }
  const invalid = (text: string): unknown => errors.push(invalidValue(at, values, text));
  switch (operator) {
    case 'in':
    case 'notin':
      if (values.length === 0) invalid("for 'in', 'notin' operators, values set can't be empty");
      break;
    case '=':
    case '==':
    case '!=':
      if (values.length !== 1) invalid('exact-match compatibility requires one single value');
      break;
    case 'exists':
    case '!':
      if (values.length !== 0) invalid('values set must be empty for exists and does not exist');
      break;
    case 'gt':
    case 'lt':
      if (values.length !== 1) {
        invalid("for 'Gt', 'Lt' operators, exactly one value is required");
      }
      values.forEach((v, i) => {
        if (parseInt64(v) !== undefined) return;
        const text = "for 'Gt', 'Lt' operators, the value must be an integer";
        errors.push(invalidValue(at.index(i), v, text));
      });
      break;
    default:
      errors.push(notSupported(FieldPath.of('operator'), operator, supportedOperators));
  }
  values.forEach((v, i) => {
    const problems = isLabelValue(v);
    if (problems.length > 0) {
      errors.push(invalidValue(at.index(i).key(key), v, problems.join('; ')));
    }
  });
  if (errors.length > 0) throw new LabelSelectorError(summarize(errors));
  return { key, operator, values };
}

/** A decimal integer that fits 64 bits, as Go reads it; undefined otherwise. */
function parseInt64(text: string): bigint | undefined {
  if (!/^[-+]?[0-9]{1,4096}$/.test(text)) return undefined;
  const n = text.startsWith('+') ? BigInt(text.slice(1)) : BigInt(text);
  return n === BigInt.asIntN(64, n) ? n : undefined;
}

/** True when the labels satisfy one requirement. */
export function requirementMatches(r: LabelRequirement, labels: Labels): boolean {
  const has = labels !== undefined && labels !== null && Object.hasOwn(labels, r.key);
  switch (r.operator) {
    case '=':
    case '==':
    case 'in':
      return has && r.values.includes(labels[r.key]!);
    case '!=':
    case 'notin':
      return !has || !r.values.includes(labels[r.key]!);
    case 'exists':
      return has;
    case '!':
      return !has;
    case 'gt':
    case 'lt': {
      const value = has ? parseInt64(labels[r.key]!) : undefined;
      const bound = parseInt64(r.values[0] ?? '');
      if (value === undefined || bound === undefined) return false;
      return r.operator === 'gt' ? value > bound : value < bound;
    }
  }
}

/** The query-string form of one requirement. */
export function requirementText(r: LabelRequirement): string {
  const values = r.values.length > 1 ? r.values.toSorted().join(',') : (r.values[0] ?? '');
  switch (r.operator) {
    case 'exists':
      return r.key;
    case '!':
      return `!${r.key}`;
    case 'in':
    case 'notin':
      return `${r.key} ${r.operator} (${values})`;
    case 'gt':
      return `${r.key}>${values}`;
    case 'lt':
      return `${r.key}<${values}`;
    default:
      return `${r.key}${r.operator}${values}`;
  }
}
