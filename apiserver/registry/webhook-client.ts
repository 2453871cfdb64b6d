/** Where a webhook is reached: the rules of URLs and service references. */
import {
  type FieldError,
  type FieldPath,
  invalidValue,
  required,
} from '../../machinery/meta/field-error.ts';
import { parseGoUrl } from '../../machinery/meta/go-url.ts';
import { isDns1123Subdomain, isPortNumber } from '../../machinery/meta/names.ts';

const form = '; desired format: https://host[/path]';

/** A reference to a port of a service. */
export interface WebhookService {
  readonly namespace?: string;
  readonly name?: string;
  readonly path?: string | null;
  readonly port?: number;
}

/** `https://host[/path]`. */
export function validateWebhookUrl(value: string, at: FieldPath): FieldError[] {
  const url = parseGoUrl(value);
  if ('problem' in url) return [required(at, `url must be a valid URL: ${url.problem}${form}`)];
  const errors: FieldError[] = [];
  const refuse = (part: string, text: string): void => {
    errors.push(invalidValue(at, part, text));
  };
  if (url.scheme !== 'https') refuse(url.scheme, `'https' is the only allowed URL scheme${form}`);
  if (url.host === '') refuse(url.host, `host must be specified${form}`);
  if (url.user !== undefined) refuse(url.user, 'user information is not permitted in the URL');
  if (url.fragment !== '') refuse(url.fragment, 'fragments are not permitted in the URL');
  if (url.query !== '') refuse(url.query, 'query parameters are not permitted in the URL');
  return errors;
}

/**
 * A service reference. `swapped`: namespace and name stand for each other, as they do for the
 * webhooks of admission in the real server.
 */
export function validateWebhookService(
  service: WebhookService,
  at: FieldPath,
  { swapped }: { readonly swapped: boolean },
): FieldError[] {
  const errors: FieldError[] = [];
  const [name, namespace] = swapped
    ? [service.namespace, service.name]
    : [service.name, service.namespace];
  if (!name) errors.push(required(at.child('name')));
  if (!namespace) errors.push(required(at.child('namespace')));
  const port = service.port ?? 0;
  const problems = isPortNumber(port);
  if (problems.length > 0) {
    errors.push(invalidValue(at.child('port'), port, `port is not valid: ${problems.join(', ')}`));
  }
  return [...errors, ...validatePath(service.path ?? '', at.child('path'))];
}

function validatePath(path: string, at: FieldPath): FieldError[] {
  if (path === '' || path === '/') return [];
  if (path === '//') return [invalidValue(at, path, 'segment[0] may not be empty')];
  const errors: FieldError[] = [];
  if (!path.startsWith('/')) errors.push(invalidValue(at, path, "must start with a '/'"));
  for (const [i, step] of path.slice(1).replace(/\/$/, '').split('/').entries()) {
    const segment = `segment[${i}]`;
    if (step === '') {
      errors.push(invalidValue(at, path, `${segment} may not be empty`));
      continue;
    }
    for (const p of isDns1123Subdomain(step))
      errors.push(invalidValue(at, path, `${segment}: ${p}`));
  }
  return errors;
}
