/** An error in the encoding that the client asked for. */
import type { StatusError } from '../../machinery/meta/status-error.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { ApiRequest } from './api-request.ts';
import { type BodyResponse, errorResponse } from './api-response.ts';
import { negotiate, type OutputForm, plainJson } from './output-form.ts';
import { encode, wantsPretty } from './rendering.ts';

/** A Status; JSON that is indented when the client takes nothing that there is. */
export function errorAnswer(request: ApiRequest, error: StatusError): BodyResponse {
  const plain = errorResponse(error);
  let form: OutputForm = plainJson;
  let pretty = false;
  try {
    form = negotiate(request.header('accept'), 'status');
    pretty = form.pretty || wantsPretty(request.query, request.header('user-agent'));
  } catch {
    pretty = true;
  }
  if (form.encoding === 'json' && !pretty) return plain;
  const status = error.toStatus() as unknown as KubeObject;
  const body = encode(form, status, kindType('v1', 'Status')!, pretty);
  return { ...plain, contentType: form.contentType, body };
}
