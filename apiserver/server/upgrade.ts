/**
 * Requests that ask for an upgrade of the connection: exec, attach, portforward, proxies; watches
 * and logs on a WebSocket.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { StatusError } from '../../machinery/meta/status-error.ts';
import {
  asksWebSocket,
  UpgradeRefused,
  type UpgradeRequest,
  writeHead,
} from '../../machinery/streaming/upgrade.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import { type Gate, TooManyRequestsError } from '../flow-control/gate.ts';
import { admitConnection, checkConnect } from '../handlers/subresource.ts';
import { writeContext } from '../handlers/write-request.ts';
import type { ApiServerOptions } from '../options.ts';
import type { Catalog } from '../registry/catalog.ts';
import { ApiRequest, isTrue } from './api-request.ts';
import { asStatusError, errorResponse } from './api-response.ts';
import { endAudit } from './audit-request.ts';
import { authorize } from './authorize.ts';
import { errorAnswer } from './error-answer.ts';
import { type Identification, identify } from './identify.ts';
import { parseRequestInfo, type RequestInfo } from './request-info.ts';
import {
  checkRoute,
  type DispatchServices,
  dispatch,
  unknownResource,
} from './resource-dispatch.ts';
import { WebSocketAnswer } from './web-socket-answer.ts';

export interface UpgradeServices {
  readonly identification: Identification;
  readonly authorizer: Authorizer;
  readonly gate: Gate;
  readonly catalog: Catalog;
  readonly services: DispatchServices;
  readonly options: ApiServerOptions;
  readonly log: Logger;
}

const streaming = new Set(['attach', 'exec', 'portforward', 'proxy']);
const streamed = new Set(['nodes', 'pods', 'services']);

/** Whether a request's connection may be taken over; elsewhere the offer is not taken up. */
export function mayUpgrade(raw: IncomingMessage): boolean {
  const { method = 'GET', url = '' } = raw;
  const [path = '', query = ''] = url.split('?', 2);
  const watch = isTrue(new URLSearchParams(query).get('watch'));
  const info = parseRequestInfo(method, path, { watch, selectedName: undefined });
  if (info.group === '' && streamed.has(info.resource) && streaming.has(info.subresource)) {
    return true;
  }
  return method === 'GET' && asksWebSocket(raw) && isReadStream(info);
}

/** Streams that are plain answers elsewhere. */
function isReadStream({ isResource, verb, group, resource, subresource }: RequestInfo): boolean {
  if (!isResource) return false;
  return verb === 'watch' || (group === '' && resource === 'pods' && subresource === 'log');
}

/** Runs the chain for an upgrade; refusals are written as ordinary HTTP answers. */
export async function handleUpgrade(
  raw: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  s: UpgradeServices,
): Promise<void> {
  socket.on('error', () => socket.destroy());
  let request: ApiRequest | undefined;
  try {
    request = new ApiRequest(raw);
    try {
      await identify(request, s.identification);
    } finally {
      if (request.audit !== undefined) audited(request, request.audit, socket);
    }
    await enterGate(request, socket, s);
    await authorize(request, s.authorizer, s.identification.metrics);
    const { info } = request;
    if (isReadStream(info)) {
      await answerOnWebSocket(request, { req: raw, socket, head }, s);
      return;
    }
    const resource = s.catalog.find(info.group, info.version, info.resource);
    const subresource = resource?.subresources.get(info.subresource);
    if (resource === undefined || subresource?.upgrade === undefined) throw unknownResource();
    checkRoute(request, resource);
    checkConnect(request);
    const context = writeContext(request, resource, s.services.access, false);
    const call = await admitConnection(request, resource, subresource, s.services, context);
    await subresource.upgrade(call, socket, head);
  } catch (e) {
    if (e instanceof UpgradeRefused) {
      refuse(socket, new StatusError('', e.message, {}, e.status), request);
      return;
    }
    if (e instanceof TooManyRequestsError) {
      const details = { retryAfterSeconds: e.retryAfterSeconds };
      refuse(socket, new StatusError('TooManyRequests', e.message, details), request);
      return;
    }
    if (!(e instanceof StatusError)) s.log.error({ err: e }, 'upgrade failed');
    refuse(socket, asStatusError(e), request);
  }
}

/** Watches take seats until they have begun; the other streams are not counted. */
async function enterGate(request: ApiRequest, socket: Duplex, s: UpgradeServices): Promise<void> {
  request.watchMs = s.options.minRequestTimeoutSeconds * 1000;
  const ticket = await s.gate.enter(request);
  if (ticket === undefined) return;
  request.started = ticket.started;
  if (socket.destroyed) ticket.done();
  else socket.once('close', ticket.done);
}

async function answerOnWebSocket(
  request: ApiRequest,
  upgrade: UpgradeRequest,
  s: UpgradeServices,
): Promise<void> {
  const answer = await dispatch(request, s.catalog, s.services);
  // No stream came of it: a log that is not there yet, say.
  if (!('stream' in answer)) throw new StatusError('BadRequest', 'there is nothing to stream', {});
  const response = new WebSocketAnswer(upgrade);
  try {
    await answer.stream(response.asResponse());
  } catch (e) {
    // Once the connection is switched over there is no other way to say so than to end it.
    if (!response.headersSent) throw e;
    s.log.warn({ err: e, path: request.path }, 'a stream on a WebSocket broke');
    response.destroy();
  }
}

/** The trail of a connection that is taken over lasts as long as the connection. */
function audited(request: ApiRequest, trail: AuditTrail, socket: Duplex): void {
  trail.followConnection(socket);
  socket.once('close', () => void endAudit(request, 0));
}

function refuse(socket: Duplex, error: StatusError, request: ApiRequest | undefined): void {
  const answer = request === undefined ? errorResponse(error) : errorAnswer(request, error);
  const body = Buffer.from(answer.body as string | Buffer);
  request?.audit?.answered(error.code, answer.contentType, () => body);
  writeHead(socket, error.code, {
    ...(request === undefined ? {} : { 'Audit-Id': request.auditId }),
    'Cache-Control': 'no-cache, private',
    'Content-Type': answer.contentType,
    'Content-Length': String(body.length),
    ...answer.headers,
    Connection: 'close',
  });
  socket.end(body);
}
