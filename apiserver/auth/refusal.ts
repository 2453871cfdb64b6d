/** What a user reads who may not do something. */
import { quote } from '../../machinery/meta/field-error.ts';
import { forbidden, type StatusError } from '../../machinery/meta/status-error.ts';
import type { AccessAttributes } from './authorizer.ts';

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** 403 with the real server's text; `reason` is what the authorizers say, '' for nothing. */
export function refusal(a: AccessAttributes, reason: string): StatusError {
  // The text must not pass for HTML, whatever a path or a name holds.
  const text = refusalText(a).replace(/[&<>]/g, (c) => entities[c]!);
  return forbidden(
    { group: a.group, resource: a.resource },
    a.name,
    reason === '' ? text : `${text}: ${reason}`,
  );
}

function refusalText(a: AccessAttributes): string {
  const user = quote(a.user.name);
  if (!a.resourceRequest) return `User ${user} cannot ${a.verb} path ${quote(a.path)}`;
  const resource = a.subresource === '' ? a.resource : `${a.resource}/${a.subresource}`;
  const where =
    a.namespace === '' ? 'at the cluster scope' : `in the namespace ${quote(a.namespace)}`;
  return `User ${user} cannot ${a.verb} resource ${quote(resource)} in API group ${quote(a.group)} ${where}`;
}
