/** `--audit-policy-file`: reads and checks a Policy of audit.k8s.io/v1. */
import { readFileSync } from 'node:fs';
import { decodeBody, strictErrorText } from '../../machinery/codec/body.ts';
import * as fe from '../../machinery/meta/field-error.ts';
import { isDns1123Subdomain } from '../../machinery/meta/names.ts';
import { auditLevels, auditStages, type Policy, type PolicyRule } from './policy.ts';

const expected = { group: 'audit.k8s.io', version: 'v1', kind: 'Policy' };

/** Throws an Error of one line that names the file and what is wrong with it. */
export function readPolicy(file: string): Policy {
  try {
    return parsePolicy(readFileSync(file));
  } catch (e) {
    throw new Error(`loading audit policy file: ${(e as Error).message}: from file ${file}`);
  }
}

/** YAML or JSON. Throws an Error: malformed, unknown fields, or rules that cannot be. */
export function parsePolicy(bytes: Buffer): Policy {
  const body = decodeBody(bytes, 'yaml', expected, true);
  if (!body.named) throw new Error('apiVersion and kind must be audit.k8s.io/v1, Policy');
  if (body.strictErrors.length > 0) throw new Error(strictErrorText(body, expected));
  const policy = body.object as unknown as Policy;
  const errors = validate(policy);
  if (errors.length > 0) throw new Error(fe.summarize(errors));
  if ((policy.rules ?? []).length === 0) throw new Error('loaded illegal policy with 0 rules');
  return policy;
}

function validate(policy: Policy): fe.FieldError[] {
  return [
    ...validateStages(policy.omitStages, fe.FieldPath.of('omitStages')),
    ...(policy.rules ?? []).flatMap((rule, i) =>
      validateRule(rule, fe.FieldPath.of('rules').index(i)),
    ),
  ];
}

function validateRule(rule: PolicyRule, at: fe.FieldPath): fe.FieldError[] {
  const errors: fe.FieldError[] = [];
  const level: string = rule.level ?? '';
  if (level === '') errors.push(fe.required(at.child('level')));
  else if (!(auditLevels as readonly string[]).includes(level)) {
    errors.push(fe.notSupported(at.child('level'), level, [...auditLevels]));
  }
  const urls = rule.nonResourceURLs ?? [];
  urls.forEach((url, i) => {
    errors.push(...validateUrl(url, at.child('nonResourceURLs').index(i)));
  });
  for (const { group = '', resources = [], resourceNames = [] } of rule.resources ?? []) {
    const problems = group === '' || group === '*' ? [] : isDns1123Subdomain(group);
    const here = at.child('resources');
    if (problems.length > 0) {
      errors.push(fe.invalidValue(here.child('group'), group, problems.join(',')));
    }
    if (resourceNames.length > 0 && resources.length === 0) {
      const text = 'using resourceNames requires at least one resource';
      errors.push(fe.invalidValue(here.child('resourceNames'), resourceNames, text));
    }
  }
  errors.push(...validateStages(rule.omitStages, at.child('omitStages')));
  const onResources = (rule.resources ?? []).length > 0 || (rule.namespaces ?? []).length > 0;
  if (urls.length > 0 && onResources) {
    const text = 'rules cannot apply to both regular resources and non-resource URLs';
    errors.push(fe.invalidValue(at.child('nonResourceURLs'), urls, text));
  }
  return errors;
}

function validateUrl(url: string, at: fe.FieldPath): fe.FieldError[] {
  if (url === '*') return [];
  const errors: fe.FieldError[] = [];
  if (!url.startsWith('/')) {
    const text = "non-resource URL rules must begin with a '/' character";
    errors.push(fe.invalidValue(at, url, text));
  }
  if (url.slice(0, -1).includes('*')) {
    const text = "non-resource URL wildcards '*' must be the final character of the rule";
    errors.push(fe.invalidValue(at, url, text));
  }
  return errors;
}

function validateStages(stages: readonly string[] = [], at: fe.FieldPath): fe.FieldError[] {
  return stages.flatMap((stage, i) =>
    (auditStages as readonly string[]).includes(stage)
      ? []
      : [fe.invalidValue(at.index(i), stage, `allowed stages are ${auditStages.join(',')}`)],
  );
}
