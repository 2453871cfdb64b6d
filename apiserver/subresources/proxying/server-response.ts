/** A backend's refusal as a Status: what its code says, in the real server's words. */
import { wordsOfCode } from '../../../machinery/meta/server-response.ts';
import { type GroupName, StatusError } from '../../../machinery/meta/status-error.ts';

/** `text`: the body that came with the code. */
export function serverResponse(
  code: number,
  resource: GroupName,
  name: string,
  text: string,
): StatusError {
  const [reason, words] = wordsOfCode(code, 'GET', text);
  const details = { name, ...(resource.group === '' ? {} : { group: resource.group }) };
  return new StatusError(
    reason,
    `${words} ( ${resource.resource} ${name})`,
    { ...details, kind: resource.resource },
    code,
  );
}
