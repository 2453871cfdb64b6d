/** Where a request is passed on to: an address, a path, and how the connection is secured. */

import type { ClientRequest, OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { hostAndPort } from './dial-problem.ts';

/** TLS settings and the connections kept open under them. */
export interface Transport {
  readonly plain: HttpAgent;
  readonly secure: HttpsAgent;
  readonly tls: ConnectionOptions;
}

export interface Backend {
  readonly protocol: 'http' | 'https';
  readonly host: string;
  /** '' for the protocol's own. */
  readonly port: string;
  readonly transport: Transport;
}

export interface TransportOptions {
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** Absent: any certificate of the backend is taken. */
  readonly authority?: string | undefined;
}

/** How long an idle connection to a backend is kept. */
const idleMs = 30_000;
const maxFreeSockets = 16;

/** Connections under one set of TLS options. */
export function createTransport(o: TransportOptions): Transport {
  const kept = { keepAlive: true, maxFreeSockets, keepAliveMsecs: idleMs };
  const tls: ConnectionOptions = {
    ...(o.certificate === undefined ? {} : { cert: o.certificate, key: o.key }),
    ...(o.authority === undefined ? { rejectUnauthorized: false } : { ca: o.authority }),
  };
  return { plain: new HttpAgent(kept), secure: new HttpsAgent({ ...kept, ...tls }), tls };
}

/** A request to the backend; `path` is escaped and carries the query. */
export function openRequest(
  b: Backend,
  method: string,
  path: string,
  headers: OutgoingHttpHeaders | readonly string[],
  upgrades = false,
): ClientRequest {
  const open = b.protocol === 'https' ? httpsRequest : httpRequest;
  const agent = b.protocol === 'https' ? b.transport.secure : b.transport.plain;
  return open({
    // A connection that is taken over is never given back.
    ...(upgrades ? { ...b.transport.tls, agent: false } : { agent }),
    host: b.host,
    ...(b.port === '' ? {} : { port: b.port }),
    method,
    path,
    headers: headers as OutgoingHttpHeaders,
    setHost: false,
  });
}

/** `host:port` as URLs show it. */
export function addressOf(b: Backend): string {
  return hostAndPort(b.host, b.port);
}
