/** Conditions under which a webhook is asked about a request; all have to hold. */
import { adapt, type JsonObject } from '../../machinery/cel/adapt.ts';
import { type Expr, walk } from '../../machinery/cel/ast.ts';
import type { CelEnvironment } from '../../machinery/cel/environment.ts';
import { declaredTypes } from '../../machinery/cel/library/declared-types.ts';
import { kubernetesEnvironment } from '../../machinery/cel/library/kubernetes.ts';
import { activation } from '../../machinery/cel/program.ts';
import { boolType, listType, mapType, objectType, stringType } from '../../machinery/cel/types.ts';
import { CelError } from '../../machinery/cel/values.ts';
import { callCostLimit } from '../cel/budget.ts';
import {
  type CompiledExpression,
  compileExpression,
  type ExpressionProblem,
} from '../cel/compile.ts';
import { type AccessAttributes, aggregated, type SelectorRequirement } from './authorizer.ts';

const stringsType = listType(stringType);
const selectorFields = {
  rawSelector: stringType,
  requirements: listType(objectType('kubernetes.SelectorRequirement')),
};
const types = {
  'kubernetes.SubjectAccessReviewSpec': {
    resourceAttributes: objectType('kubernetes.ResourceAttributes'),
    nonResourceAttributes: objectType('kubernetes.NonResourceAttributes'),
    user: stringType,
    groups: stringsType,
    extra: mapType(stringType, stringsType),
    uid: stringType,
  },
  'kubernetes.ResourceAttributes': {
    namespace: stringType,
    verb: stringType,
    group: stringType,
    version: stringType,
    resource: stringType,
    subresource: stringType,
    name: stringType,
    fieldSelector: objectType('kubernetes.FieldSelectorAttributes'),
    labelSelector: objectType('kubernetes.LabelSelectorAttributes'),
  },
  'kubernetes.NonResourceAttributes': { path: stringType, verb: stringType },
  'kubernetes.FieldSelectorAttributes': selectorFields,
  'kubernetes.LabelSelectorAttributes': selectorFields,
  'kubernetes.SelectorRequirement': { key: stringType, operator: stringType, values: stringsType },
};

let environment: CelEnvironment | undefined;

/** Compiles one condition, over `request`: a review as authorization.k8s.io/v1 has it. */
export function compileAccessCondition(text: string): CompiledExpression | ExpressionProblem {
  environment ??= kubernetesEnvironment().extend({
    types: declaredTypes(types),
    variables: { request: objectType('kubernetes.SubjectAccessReviewSpec') },
  });
  return compileExpression(environment, text, { types: [boolType], gotTold: 'one' });
}

/** Whether a request is to be asked about; an Error that could not be found out. */
export type AccessMatch = boolean | Error;

/** Conditions of one webhook, checked when its configuration was read. */
export class AccessConditions {
  private readonly conditions: readonly CompiledExpression[];
  private readonly usesFieldSelector: boolean;
  private readonly usesLabelSelector: boolean;

  constructor(texts: readonly string[]) {
    this.conditions = texts.map((text) => {
      const compiled = compileAccessCondition(text);
      if ('problem' in compiled) throw new Error(compiled.problem);
      return compiled;
    });
    const uses = (field: string) => this.conditions.some((c) => mentions(c.checked.root, field));
    this.usesFieldSelector = uses('fieldSelector');
    this.usesLabelSelector = uses('labelSelector');
  }

  match(a: AccessAttributes): AccessMatch {
    if (this.conditions.length === 0) return true;
    const request = adapt(this.requestOf(a));
    const errors: string[] = [];
    for (const { text, program } of this.conditions) {
      const { result } = program.evaluate(activation({ request }), { costLimit: callCostLimit });
      if (result instanceof CelError) {
        const why = `expression '${text}' resulted in error: ${result}`;
        errors.push(`cel evaluation error: ${why}`);
      } else if (result !== true) return false;
    }
    return errors.length === 0 ? true : new Error(aggregated(errors));
  }

  private requestOf(a: AccessAttributes): JsonObject {
    const { user, verb, path } = a;
    const who = {
      user: user.name,
      groups: user.groups,
      uid: user.uid ?? '',
      extra: user.extra ?? {},
    };
    if (!a.resourceRequest) return { ...who, nonResourceAttributes: { verb, path } };
    const { namespace, group, version, resource, subresource, name } = a;
    return {
      ...who,
      resourceAttributes: {
        namespace,
        verb,
        group,
        version,
        resource,
        subresource,
        name,
        fieldSelector: this.usesFieldSelector ? selectorOf(a.fieldSelector) : undefined,
        labelSelector: this.usesLabelSelector ? selectorOf(a.labelSelector) : undefined,
      },
    };
  }
}

function selectorOf(requirements: readonly SelectorRequirement[] = []): JsonObject | undefined {
  if (requirements.length === 0) return undefined;
  return {
    requirements: requirements.map(({ key, operator, values }) => ({ key, operator, values })),
  };
}

/** Whether an expression reads a field of this name somewhere. */
function mentions(root: Expr, field: string): boolean {
  let found = false;
  walk(root, (e) => {
    if (e.kind === 'select') found ||= e.field === field;
    if (e.kind !== 'call' || e.function !== '_?._') return;
    const name = e.args[1];
    found ||= name?.kind === 'literal' && name.value === field;
  });
  return found;
}
