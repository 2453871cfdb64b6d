/**
 * Selectors of access reviews as authorizers take them. What cannot be used is left out, which
 * asks for more than was meant and never for less; the answer says so.
 */
import { isLabelValue, isQualifiedName } from '../../machinery/meta/names.ts';
import type { SubjectAccessReview } from '../../machinery/schema/wire.ts';
import type { SelectorRequirement } from '../auth/authorizer.ts';
import { fieldRequirements, labelRequirements } from '../auth/selector-requirements.ts';

type Resource = NonNullable<NonNullable<SubjectAccessReview['spec']>['resourceAttributes']>;
type Selector = NonNullable<Resource['fieldSelector']> | NonNullable<Resource['labelSelector']>;

export interface ReviewSelectors {
  readonly fieldSelector?: readonly SelectorRequirement[];
  readonly labelSelector?: readonly SelectorRequirement[];
  /** What the answer says about parts that were left out. */
  readonly problems: readonly string[];
}

/** Both selectors of a review. */
export function selectorsOf(r: Resource): ReviewSelectors {
  const field = r.fieldSelector && read(r.fieldSelector, fieldRequirements, isUsableField);
  const label = r.labelSelector && read(r.labelSelector, labelRequirements, isUsableLabel);
  return {
    ...(field?.used === undefined ? {} : { fieldSelector: field.used }),
    ...(label?.used === undefined ? {} : { labelSelector: label.used }),
    problems: [...problem('fieldSelector', field), ...problem('labelSelector', label)],
  };
}

interface Read {
  /** Undefined: nothing is selected. */
  readonly used: readonly SelectorRequirement[] | undefined;
  readonly broken: boolean;
}

function read(
  selector: Selector,
  parse: (text: string) => SelectorRequirement[] | undefined,
  usable: (r: SelectorRequirement) => boolean,
): Read {
  const { rawSelector = '', requirements = [] } = selector;
  if (requirements.length > 0) {
    const all = requirements.map(({ key, operator, values }) => ({
      key,
      operator,
      values: values ?? [],
    }));
    const used = all.filter(usable);
    return { used: used.length > 0 ? used : undefined, broken: used.length < all.length };
  }
  if (rawSelector === '') return { used: undefined, broken: false };
  const used = parse(rawSelector);
  return { used, broken: used === undefined };
}

function isUsableField({ operator, values }: SelectorRequirement): boolean {
  return (operator === 'In' || operator === 'NotIn') && values.length === 1;
}

function isUsableLabel({ key, operator, values }: SelectorRequirement): boolean {
  if (isQualifiedName(key).length > 0) return false;
  if (operator === 'Exists' || operator === 'DoesNotExist') return values.length === 0;
  if (operator !== 'In' && operator !== 'NotIn') return false;
  return values.length > 0 && values.every((v) => isLabelValue(v).length === 0);
}

function problem(name: string, selector: Read | undefined): string[] {
  if (selector?.broken !== true) return [];
  const partly = selector.used === undefined ? '' : 'partially ';
  return [`spec.resourceAttributes.${name} ${partly}ignored due to parse error`];
}
