/** The rules of APIServices. */
import {
  type FieldError,
  FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import {
  isDns1035Label,
  isDns1123Subdomain,
  isPathSegmentName,
  isPortNumber,
} from '../../../machinery/meta/names.ts';
import { validateObjectMeta } from '../../../machinery/meta/object-meta-validation.ts';
import type { APIService } from '../../../machinery/schema/wire.ts';
import { invalidFor, validateOneOf } from '../core/field-checks.ts';

const path = FieldPath.of('spec');
const maxGroupPriority = 20000;
const maxVersionPriority = 1000;

/** An APIService, new or changed, with its metadata: its name follows from its spec. */
export function validateApiService(next: APIService): FieldError[] {
  const nameFn = (name: string): string[] => {
    const problems = isPathSegmentName(name);
    return problems.length > 0 ? problems : nameProblems(next, name);
  };
  return [
    ...validateObjectMeta(next.metadata!, { namespaced: false, nameFn }),
    ...validateSpec(next),
  ];
}

function nameProblems(service: APIService, name: string): string[] {
  const { version = '', group = '' } = service.spec ?? {};
  const expected = `${version}.${group}`;
  if (name === '' || name === expected) return [];
  return [`must be \`spec.version+"."+spec.group\`: ${JSON.stringify(expected)}`];
}

function validateSpec(next: APIService): FieldError[] {
  const spec = next.spec!;
  const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0 } = spec;
  const errors: FieldError[] = [];
  const check = (field: string, value: unknown, problem: string | false): void => {
    if (problem !== false) errors.push(invalidValue(path.child(field), value, problem));
  };
  if (group === '' && version !== 'v1') {
    const text = 'only v1 may have an empty group and it better be legacy kube';
    errors.push(required(path.child('group'), text));
  }
  if (group !== '') {
    errors.push(...invalidFor(path.child('group'), group, isDns1123Subdomain(group)));
  }
  errors.push(...invalidFor(path.child('version'), version, isDns1035Label(version)));
  check(
    'groupPriorityMinimum',
    groupPriorityMinimum,
    (groupPriorityMinimum <= 0 || groupPriorityMinimum > maxGroupPriority) &&
      `must be positive and less than ${maxGroupPriority}`,
  );
  check(
    'versionPriority',
    versionPriority,
    (versionPriority <= 0 || versionPriority > maxVersionPriority) &&
      `must be positive and less than ${maxVersionPriority}`,
  );
  const bundleSize = Buffer.from(spec.caBundle ?? '', 'base64').length;
  const insecure = spec.insecureSkipTLSVerify === true;
  const service = spec.service ?? undefined;
  if (service === undefined) {
    const bytes = `${bundleSize} bytes`;
    check('caBundle', bytes, bundleSize > 0 && 'local APIServices may not have a caBundle');
    const text = 'local APIServices may not have insecureSkipTLSVerify';
    check('insecureSkipTLSVerify', true, insecure && text);
    return errors;
  }
  const at = path.child('service');
  if (!service.namespace) errors.push(required(at.child('namespace')));
  if (!service.name) errors.push(required(at.child('name')));
  const port = service.port ?? 0;
  const problems = isPortNumber(port);
  check('service.port', port, problems.length > 0 && `port is not valid: ${problems.join(', ')}`);
  const text = 'may not be true if caBundle is present';
  check('insecureSkipTLSVerify', true, insecure && bundleSize > 0 && text);
  return errors;
}

/** A changed status. */
export function validateApiServiceStatus(next: APIService): FieldError[] {
  const at = FieldPath.of('status', 'conditions');
  return (next.status?.conditions ?? []).flatMap((c, i) =>
    validateOneOf(c.status, ['True', 'False', 'Unknown'], at.index(i).child('status')),
  );
}
