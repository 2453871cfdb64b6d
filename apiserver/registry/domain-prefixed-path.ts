/** Names such as `acme.io/foo` for controllers: a domain, a slash, a path. */
import {
  type FieldError,
  type FieldPath,
  invalidValue,
  required,
} from '../../machinery/meta/field-error.ts';
import { isDns1123Subdomain, patternProblem } from '../../machinery/meta/names.ts';

const pathFormat = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const path = new RegExp(`^${pathFormat}$`);

/** Problems of such a name; an empty one is missing. */
export function validateDomainPrefixedPath(value: string, at: FieldPath): FieldError[] {
  if (value === '') return [required(at)];
  const slash = value.indexOf('/');
  const host = value.slice(0, Math.max(slash, 0));
  const rest = value.slice(slash + 1);
  if (slash < 0 || host === '' || rest === '') {
    const text = 'must be a domain-prefixed path (such as "acme.io/foo")';
    return [invalidValue(at, value, text)];
  }
  const errors = isDns1123Subdomain(host).map((p) => invalidValue(at, host, p));
  if (!path.test(rest)) {
    errors.push(invalidValue(at, rest, patternProblem('Invalid path', pathFormat)));
  }
  return errors;
}
