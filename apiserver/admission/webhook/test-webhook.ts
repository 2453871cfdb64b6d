/** For tests: an HTTPS server that answers reviews, and remembers them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority, issue } from '../../pki/pki.ts';

/** The request of a review as it was received. */
export interface ReceivedRequest {
  readonly uid: string;
  readonly kind: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
  readonly subResource?: string;
  readonly requestKind: Readonly<Record<string, string>>;
  readonly requestResource: Readonly<Record<string, string>>;
  readonly name?: string;
  readonly namespace?: string;
  readonly operation: string;
  readonly userInfo: Readonly<Record<string, unknown>>;
  readonly object: TestObject | null;
  readonly oldObject: TestObject | null;
  readonly dryRun: boolean;
  readonly options: Readonly<Record<string, unknown>> | null;
}

interface TestObject {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata?: { readonly name?: string; readonly labels?: Record<string, string> };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
}

export interface ReceivedCall {
  /** With its query. */
  readonly path: string;
  readonly apiVersion: string;
  readonly request: ReceivedRequest;
}

/** Either the fields of a response, or a whole answer of HTTP. */
export type TestReply =
  | { readonly allowed: boolean; readonly [field: string]: unknown }
  | { readonly code: number; readonly body: string; readonly headers?: Record<string, string> };

/** What a path answers; one that never settles never answers. */
export type Replier = (request: ReceivedRequest) => TestReply | Promise<TestReply>;

export interface TestWebhook extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** As `caBundle` has it. */
  readonly caBundle: string;
  readonly calls: ReceivedCall[];
  /** How many connections have been made to it. */
  readonly connections: number;
  /** Closes those that are not in use. */
  closeIdle(): void;
  /** Paths that nobody has set allow everything. */
  reply(path: string, replier: Replier): void;
}

/** Starts one; `names`: what its certificate is for. */
export async function startTestWebhook(
  names: readonly string[] = ['127.0.0.1'],
): Promise<TestWebhook> {
  const authority = await createAuthority('webhooks');
  const server = await issue(authority, { commonName: 'hook', names, usages: ['server'] });
  const calls: ReceivedCall[] = [];
  const repliers = new Map<string, Replier>();
  const http = createServer(
    { cert: server.certificate, key: server.key },
    (request, response) => void answer(request, response, calls, repliers),
  );
  let connections = 0;
  http.on('secureConnection', () => {
    connections++;
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    port,
    url: `https://127.0.0.1:${port}`,
    caBundle: Buffer.from(authority.certificate).toString('base64'),
    calls,
    get connections() {
      return connections;
    },
    closeIdle: () => http.closeIdleConnections(),
    reply: (path, replier) => void repliers.set(path, replier),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => http.close(resolve));
      http.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  calls: ReceivedCall[],
  repliers: ReadonlyMap<string, Replier>,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const review = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Omit<ReceivedCall, 'path'>;
  const path = request.url ?? '/';
  calls.push({ path, apiVersion: review.apiVersion, request: review.request });
  const replier = repliers.get(path.split('?')[0]!) ?? (() => ({ allowed: true }));
  const reply = await replier(review.request);
  if ('body' in reply) {
    const { code, body, headers } = reply as Extract<TestReply, { code: number }>;
    response.writeHead(code, { 'Content-Type': 'text/plain', ...headers }).end(body);
    return;
  }
  response.writeHead(200, { 'Content-Type': 'application/json' });
  const { uid } = review.request;
  const { apiVersion } = review;
  response.end(
    JSON.stringify({ apiVersion, kind: 'AdmissionReview', response: { uid, ...reply } }),
  );
}

/** The fields of a response that patches. */
export function patchReply(...operations: readonly object[]): TestReply {
  const patch = Buffer.from(JSON.stringify(operations)).toString('base64');
  return { allowed: true, patchType: 'JSONPatch', patch };
}
