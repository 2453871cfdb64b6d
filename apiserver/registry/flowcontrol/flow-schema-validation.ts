/** The rules of FlowSchemas. */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  duplicate,
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../../machinery/meta/names.ts';
import type { FlowSchema } from '../../../machinery/schema/wire.ts';
import { flowcontrolBootstrap } from '../bootstrap/bootstrap.ts';
import { invalidFor } from '../core/field-checks.ts';
import { internalForm } from '../internal-form.ts';

type Spec = NonNullable<FlowSchema['spec']>;
type Rule = NonNullable<Spec['rules']>[number];
type Subject = Rule['subjects'][number];
type ResourceRule = NonNullable<Rule['resourceRules']>[number];
type UrlRule = NonNullable<Rule['nonResourceRules']>[number];

const maxPrecedence = 10000;
const methods = ['ByNamespace', 'ByUser'];
const subjectKinds = ['Group', 'ServiceAccount', 'User'];
const verbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'proxy',
  'update',
  'watch',
];
const specPath = FieldPath.of('spec');
let mandatory: ReadonlyMap<string, Spec> | undefined;

/** The schemas that must be as the server made them. */
function mandatorySpec(name: string): Spec | undefined {
  mandatory ??= new Map(
    flowcontrolBootstrap()
      .flowschemas.filter((s) => ['exempt', 'catch-all'].includes(s.metadata?.name ?? ''))
      .map((s) => [s.metadata!.name!, s.spec!]),
  );
  return mandatory.get(name);
}

export function validateFlowSchema(next: FlowSchema): FieldError[] {
  const name = next.metadata?.name ?? '';
  const spec = next.spec!;
  const errors = validateSpec(name, spec);
  const fixed = mandatorySpec(name);
  if (fixed !== undefined && !deepEqual(spec, fixed)) {
    const shown = internalForm('flowcontrol/v1.FlowSchemaSpec', spec);
    errors.push(invalidValue(specPath, shown, `spec of '${name}' must equal the fixed value`));
  }
  return [...errors, ...validateConditionTypes(next.status?.conditions)];
}

/** Conditions of flow control: each has a type, no two the same. */
export function validateConditionTypes(
  conditions: readonly { type?: string }[] | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, { type = '' }] of (conditions ?? []).entries()) {
    const at = FieldPath.of('status', 'conditions').index(i).child('type');
    if (seen.has(type)) errors.push(duplicate(at, type));
    seen.add(type);
    if (type === '') errors.push(required(at));
  }
  return errors;
}

function validateSpec(name: string, spec: Spec): FieldError[] {
  const at = specPath;
  const errors: FieldError[] = [];
  const precedence = spec.matchingPrecedence ?? 0;
  const invalidPrecedence = (text: string) =>
    errors.push(invalidValue(at.child('matchingPrecedence'), precedence, text));
  if (precedence <= 0) invalidPrecedence('must be a positive value');
  if (precedence > maxPrecedence) invalidPrecedence(`must not be greater than ${maxPrecedence}`);
  if (precedence === 1 && name !== 'exempt') {
    invalidPrecedence("only the schema named 'exempt' may have matchingPrecedence 1");
  }
  const method = spec.distinguisherMethod;
  if (method !== undefined && !methods.includes(method.type)) {
    const shown = internalForm('flowcontrol/v1.FlowDistinguisherMethod', method);
    errors.push(notSupported(at.child('distinguisherMethod', 'type'), shown, methods));
  }
  const level = spec.priorityLevelConfiguration?.name ?? '';
  const levelAt = at.child('priorityLevelConfiguration', 'name');
  if (level === '') errors.push(required(levelAt, 'must reference a priority level'));
  else errors.push(...invalidFor(levelAt, level, isDns1123Subdomain(level)));
  for (const [i, rule] of (spec.rules ?? []).entries()) {
    errors.push(...validateRule(rule, at.child('rules').index(i)));
  }
  return errors;
}

function validateRule(rule: Rule, at: FieldPath): FieldError[] {
  const subjects = rule.subjects ?? [];
  const resourceRules = rule.resourceRules ?? [];
  const urlRules = rule.nonResourceRules ?? [];
  const subjectsAt = at.child('subjects');
  const errors = subjects.flatMap((s, i) => validateSubject(s, subjectsAt.index(i)));
  if (subjects.length === 0) {
    errors.push(required(subjectsAt, 'subjects must contain at least one value'));
  }
  if (resourceRules.length === 0 && urlRules.length === 0) {
    const text = 'at least one of resourceRules and nonResourceRules has to be non-empty';
    errors.push(required(at, text));
  }
  return [
    ...errors,
    ...resourceRules.flatMap((r, i) => validateResourceRule(r, at.child('resourceRules').index(i))),
    ...urlRules.flatMap((r, i) => validateUrlRule(r, at.child('nonResourceRules').index(i))),
  ];
}

/** Kind of a subject -> the field that describes it. */
const subjectFields = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const;

function validateSubject(subject: Subject, at: FieldPath): FieldError[] {
  const kind = subject.kind ?? '';
  if (!(kind in subjectFields)) return [notSupported(at.child('kind'), kind, subjectKinds)];
  const errors: FieldError[] = [];
  const field = subjectFields[kind as keyof typeof subjectFields];
  const described = subject[field];
  if (described === undefined) {
    const text = `${field} is required when subject kind is '${kind}'`;
    errors.push(required(at.child(field), text));
  } else errors.push(...validateSubjectName(subject, field, at.child(field)));
  // In the order that the real server reports them.
  for (const [other, f] of Object.entries(subjectFields)) {
    if (f === field || subject[f] === undefined) continue;
    const text = `${f} is forbidden when subject kind is not '${other}'`;
    errors.push(forbiddenField(at.child(f), text));
  }
  return errors;
}

function validateSubjectName(
  subject: Subject,
  field: 'serviceAccount' | 'user' | 'group',
  at: FieldPath,
): FieldError[] {
  const name = subject[field]?.name ?? '';
  const nameAt = at.child('name');
  const errors = name === '' ? [required(nameAt)] : [];
  if (field !== 'serviceAccount') return errors;
  if (name !== '' && name !== '*') {
    errors.push(...invalidFor(nameAt, name, isDns1123Subdomain(name)));
  }
  const namespace = subject.serviceAccount?.namespace ?? '';
  const namespaceAt = at.child('namespace');
  if (namespace === '') {
    errors.push(required(namespaceAt, 'must specify namespace for service account'));
  } else errors.push(...invalidFor(namespaceAt, namespace, isDns1123Label(namespace)));
  return errors;
}

function validateVerbs(list: readonly string[] | undefined, at: FieldPath): FieldError[] {
  const given = list ?? [];
  if (given.length === 0) return [required(at, 'verbs must contain at least one value')];
  if (given.includes('*')) return validateLoneWildcard(given, 'verbs', at);
  return given.every((v) => verbs.includes(v)) ? [] : [notSupported(at, given, verbs)];
}

function validateLoneWildcard(list: readonly string[], what: string, at: FieldPath): FieldError[] {
  if (list.length <= 1 || !list.includes('*')) return [];
  return [invalidValue(at, list, `if '*' is present, must not specify other ${what}`)];
}

function validateUrlRule(rule: UrlRule, at: FieldPath): FieldError[] {
  const urls = rule.nonResourceURLs ?? [];
  const urlsAt = at.child('nonResourceURLs');
  const errors = validateVerbs(rule.verbs, at.child('verbs'));
  if (urls.length === 0) {
    errors.push(required(urlsAt, 'nonResourceURLs must contain at least one value'));
  } else if (urls.includes('*')) {
    errors.push(...validateLoneWildcard(urls, 'non-resource URLs', urlsAt));
  } else {
    for (const [i, url] of urls.entries()) {
      const problem = urlProblem(url);
      if (problem !== undefined) errors.push(invalidValue(urlsAt.index(i), url, problem));
    }
  }
  return errors;
}

function urlProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const wildcards = url.split('*').length - 1;
  if (wildcards > 1 || (wildcards === 1 && !url.endsWith('/*'))) {
    return 'wildcard can only do suffix matching';
  }
  return undefined;
}

function validateResourceRule(rule: ResourceRule, at: FieldPath): FieldError[] {
  const errors = validateVerbs(rule.verbs, at.child('verbs'));
  const lists = [
    ['apiGroups', 'api group', 'api groups'],
    ['resources', 'resource', 'resources'],
  ] as const;
  for (const [field, one, many] of lists) {
    const list = rule[field] ?? [];
    const listAt = at.child(field);
    if (list.length === 0) {
      errors.push(required(listAt, `resource rules must supply at least one ${one}`));
    } else errors.push(...validateLoneWildcard(list, many, listAt));
  }
  return [...errors, ...validateNamespaces(rule, at.child('namespaces'))];
}

function validateNamespaces(rule: ResourceRule, at: FieldPath): FieldError[] {
  const list = rule.namespaces ?? [];
  if (list.length === 0 && rule.clusterScope !== true) {
    const text = 'resource rules that are not cluster scoped must supply at least one namespace';
    return [required(at, text)];
  }
  if (list.includes('*')) return validateLoneWildcard(list, 'namespaces', at);
  return list.flatMap((namespace, i) =>
    isDns1123Label(namespace).map((p) => {
      const text = `each member of this list must be '*' or a DNS-1123 label; ${p}`;
      return invalidValue(at.index(i), namespace, text);
    }),
  );
}
