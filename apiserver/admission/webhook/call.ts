/** One question to a webhook, and its answer. */
import { randomUUID } from 'node:crypto';
import { StatusError } from '../../../machinery/meta/status-error.ts';
import { post } from '../../webhook/post.ts';
import { answerError } from '../../webhook/server-answer.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { annotateForWebhook } from './annotations.ts';
import {
  CallFailure,
  Canceled,
  DeadlineExceeded,
  dryRunUnsupported,
  Rejection,
  refusalOf,
  requestTimedOut,
} from './failures.ts';
import type { Invocation } from './invocation.ts';
import {
  type ReviewVersion,
  readReview,
  reviewText,
  reviewVersionOf,
  type Verdict,
  verdictOf,
} from './review.ts';
import type { ShownObjects } from './versions.ts';
import type { WebhookClients } from './webhook-clients.ts';

/** What stands for the code of an answer that cannot be used. */
const unavailable = 503;
const defaultTimeoutSeconds = 10;
/** Who watches over the time of requests answers first when that is over. */
const graceMs = 100;

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
  const verdict = checked(name, () => verdictOf(body(version), version, uid, type === 'admit'));
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

function checked<T>(name: string, check: () => T): T {
  try {
    return check();
  } catch (e) {
    if (e instanceof CallFailure) throw e;
    const why = `received invalid webhook response: ${(e as Error).message}`;
    throw new CallFailure(name, why, unavailable, { cause: e });
  }
}

type Read = (version: ReviewVersion) => ReturnType<typeof readReview>;

/** Sends a review; what came back, to be read. Throws CallFailure. */
async function ask(
  a: AdmissionAttributes,
  { hook }: Invocation,
  text: string,
  clients: WebhookClients,
): Promise<Read> {
  const { name, declared } = hook;
  const failed = (what: string, code: number, cause: unknown) =>
    new CallFailure(name, `${what}: ${(cause as Error).message}`, code, { cause });
  let endpoint: ReturnType<WebhookClients['endpoint']>;
  try {
    endpoint = clients.endpoint(declared.clientConfig);
  } catch (e) {
    throw failed('could not get REST client', 500, e);
  }
  const allowedMs = (declared.timeoutSeconds ?? defaultTimeoutSeconds) * 1000;
  const leftMs = a.deadlineMs === undefined ? Infinity : a.deadlineMs - performance.now();
  if (leftMs <= 0) throw requestTimedOut();
  const timeoutMs = Math.min(allowedMs, leftMs);
  const abort = new AbortController();
  const afterMs = leftMs < allowedMs ? timeoutMs + graceMs : timeoutMs;
  const timer = setTimeout(() => abort.abort(new DeadlineExceeded()), afterMs);
  const forget = a.onGone?.(() => abort.abort(new Canceled()));
  try {
    const url = `${endpoint.url}?timeout=${Math.ceil(timeoutMs / 1000)}s`;
    const { code, contentType, body } = await post(endpoint, url, text, abort.signal);
    if (code < 200 || code > 206) throw answerError(code, contentType, body);
    if (body.length === 0) {
      const type = contentType ?? '';
      throw new Error(`0-length response with status code: ${code} and content type: ${type}`);
    }
    return (version) => {
      try {
        return readReview(body, version);
      } catch (e) {
        throw failed('failed to call webhook', unavailable, e);
      }
    };
  } catch (e) {
    // The request's own time is over: nobody's policy has a say in that.
    if (abort.signal.aborted && leftMs < allowedMs && !(abort.signal.reason instanceof Canceled)) {
      throw requestTimedOut();
    }
    const cause =
      abort.signal.aborted && e instanceof Error && e.cause === undefined
        ? Object.assign(e, { cause: abort.signal.reason as Error })
        : e;
    throw failed('failed to call webhook', e instanceof StatusError ? e.code : unavailable, cause);
  } finally {
    clearTimeout(timer);
    forget?.();
  }
}
