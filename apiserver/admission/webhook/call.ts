/** One question to a webhook, and its answer. */
import { randomUUID } from 'node:crypto';
import { StatusError } from '../../../machinery/meta/status-error.ts';
import { type Answer, type Endpoint, post } from '../../webhook/post.ts';
import { answerError } from '../../webhook/server-answer.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { annotateForWebhook } from './annotations.ts';
import { CallLimit } from './call-limit.ts';
import {
  CallFailure,
  dryRunUnsupported,
  Rejection,
  refusalOf,
  requestTimedOut,
} from './failures.ts';
import type { Invocation } from './invocation.ts';
import { readReview, reviewText, reviewVersionOf, type Verdict, verdictOf } from './review.ts';
import type { ShownObjects } from './versions.ts';
import type { WebhookClients } from './webhook-clients.ts';

/** What stands for the code of an answer that cannot be used. */
const unavailable = 503;
const defaultTimeoutSeconds = 10;
const calling = 'failed to call webhook';

/**
 * Asks; the verdict of a webhook that allows the request. What it says beside is passed on. Throws
 * CallFailure, Rejection, or StatusError for what is not the webhook's to say.
 */
export async function callWebhook(
  a: AdmissionAttributes,
  invocation: Invocation,
  shown: ShownObjects,
  clients: WebhookClients,
): Promise<Verdict> {
  const { hook } = invocation;
  const { name, declared, type } = hook;
  if (a.dryRun) checkSideEffects(name, declared.sideEffects);
  const version = reviewVersionOf(declared.admissionReviewVersions);
  if (version === undefined) {
    const why =
      'could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)';
    throw new CallFailure(name, why, 400);
  }
  const uid = randomUUID();
  const text = reviewText(version, uid, a, invocation, shown);
  const body = await ask(a, invocation, text, clients);
  const review = usable(name, calling, () => readReview(body, version));
  const verdict = usable(name, 'received invalid webhook response', () =>
    verdictOf(review, version, uid, type === 'admit'),
  );
  for (const [key, value] of Object.entries(verdict.auditAnnotations)) {
    annotateForWebhook(a, `${name}/${key}`, value);
  }
  for (const warning of verdict.warnings) a.warn(warning);
  if (!verdict.allowed) throw new Rejection(refusalOf(name, verdict.result));
  return verdict;
}

function checkSideEffects(name: string, sideEffects: string | undefined): void {
  if (sideEffects === undefined) throw new CallFailure(name, 'Webhook SideEffects is nil', 400);
  if (sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') throw dryRunUnsupported(name);
}

/** Runs what an answer that cannot be used fails in. */
function usable<T>(name: string, what: string, run: () => T): T {
  try {
    return run();
  } catch (e) {
    throw failure(name, what, unavailable, e);
  }
}

function failure(name: string, what: string, code: number, cause: unknown): CallFailure {
  return new CallFailure(name, `${what}: ${(cause as Error).message}`, code, { cause });
}

/** Sends a review; the body of the answer. Throws CallFailure, or StatusError 504. */
async function ask(
  a: AdmissionAttributes,
  { hook: { name, declared } }: Invocation,
  text: string,
  clients: WebhookClients,
): Promise<Buffer> {
  let endpoint: Endpoint;
  try {
    endpoint = clients.endpoint(declared.clientConfig);
  } catch (e) {
    throw failure(name, 'could not get REST client', 500, e);
  }
  using limit = new CallLimit(a, (declared.timeoutSeconds ?? defaultTimeoutSeconds) * 1000);
  try {
    const url = `${endpoint.url}?timeout=${limit.seconds}s`;
    return bodyOf(await post(endpoint, url, text, limit.signal));
  } catch (e) {
    if (limit.requestIsOver) throw requestTimedOut();
    const failed = failure(name, calling, e instanceof StatusError ? e.code : unavailable, e);
    failed.canceled = limit.canceled;
    throw failed;
  }
}

function bodyOf({ code, contentType = '', body }: Answer): Buffer {
  if (code < 200 || code > 206) throw answerError(code, contentType, body);
  if (body.length > 0) return body;
  throw new Error(`0-length response with status code: ${code} and content type: ${contentType}`);
}
