/**
 * What a bare HTTP code says, where the body that came with it is no Status: the real server's words
 * (NewGenericServerResponse in k8s.io/apimachinery/pkg/api/errors).
 */
import { quote } from './field-error.ts';
import type { StatusReason } from './status-error.ts';

type Worded = readonly [StatusReason | '', string];

const worded: Readonly<Record<number, Worded>> = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  404: ['NotFound', 'the server could not find the requested resource'],
  405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
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

/** Reason ('' for none) and text of a code; `told` is the text of the body. */
export function wordsOfCode(code: number, method: string, told: string): Worded {
  const known = worded[code];
  if (known !== undefined) return known;
  if (code === 403) return ['Forbidden', told];
  if (code === 409) {
    return [method === 'POST' ? 'AlreadyExists' : 'Conflict', 'the server reported a conflict'];
  }
  if (code === 415) return ['UnsupportedMediaType', told];
  if (code === 406) {
    const usual = 'the server was unable to respond with a content type that the client supports';
    return ['NotAcceptable', told === '' || told === 'unknown' ? usual : told];
  }
  if (code >= 500) {
    const text = `an error on the server (${quote(told)}) has prevented the request from succeeding`;
    return ['InternalError', text];
  }
  const text = `the server responded with the status code ${code} but did not return more information`;
  return ['', text];
}
