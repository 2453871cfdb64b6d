/** A backend's refusal as a Status: what its code says, in the real server's words. */
import {
  type GroupName,
  StatusError,
  type StatusReason,
} from '../../../machinery/meta/status-error.ts';

const known: Readonly<Record<number, readonly [StatusReason, string]>> = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  404: ['NotFound', 'the server could not find the requested resource'],
  405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  409: ['Conflict', 'the server reported a conflict'],
  422: ['Invalid', 'the server rejected our request due to an error in our request'],
  429: [
    'TooManyRequests',
    'the server has received too many requests and has asked us to try again later',
  ],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: [
    'Timeout',
    'the server was unable to return a response in the time allotted, but may still be processing the request',
  ],
};

/** `text`: the body that came with the code. */
export function serverResponse(
  code: number,
  resource: GroupName,
  name: string,
  text: string,
): StatusError {
  const [reason, words] = known[code] ?? other(code, text);
  const details = { name, ...(resource.group === '' ? {} : { group: resource.group }) };
  return new StatusError(
    reason,
    `${words} ( ${resource.resource} ${name})`,
    { ...details, kind: resource.resource },
    code,
  );
}

function other(code: number, text: string): readonly [StatusReason | '', string] {
  if (code === 403) return ['Forbidden', text];
  if (code === 406) return ['NotAcceptable', text];
  if (code === 415) return ['UnsupportedMediaType', text];
  if (code >= 500) {
    const shown = JSON.stringify(text);
    const words = `an error on the server (${shown}) has prevented the request from succeeding`;
    return ['InternalError', words];
  }
  return [
    '',
    `the server responded with the status code ${code} but did not return more information`,
  ];
}
