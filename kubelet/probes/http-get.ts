/** The GET of probes and lifecycle hooks: no keep-alive, no certificate check, no proxy. */
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Container } from '../../machinery/schema/wire.ts';

/** An httpGet action as the API carries it. */
export interface HttpGetAction {
  readonly host?: string;
  readonly port: number | string | object;
  readonly path?: string;
  readonly scheme?: string;
  readonly httpHeaders?: readonly { readonly name: string; readonly value: string }[];
}

/** The number of a port that may be given by its name in the container. */
export function resolvePort(port: unknown, container: Container): number {
  const named = container.ports?.find((p) => p.name === port)?.containerPort;
  const number = named ?? Number(port);
  if (Number.isInteger(number) && number > 0 && number < 65536) return number;
  throw new Error(
    typeof port === 'string' && Number.isNaN(Number(port))
      ? `couldn't find port: ${JSON.stringify(port)} in container ${container.name}`
      : `invalid port number: ${String(port)}`,
  );
}

/** Where and how to ask. */
export interface GetTarget {
  readonly url: URL;
  readonly headers: Record<string, string | string[]>;
}

const release = '1.36';

/** `purpose` is `probe` or `lifecycle`, in the user agent. */
export function getTarget(
  action: HttpGetAction,
  container: Container,
  podIp: string,
  purpose: string,
): GetTarget {
  const scheme = (action.scheme || 'HTTP').toLowerCase();
  const host = action.host || podIp;
  const authority = host.includes(':') ? `[${host}]` : host;
  const port = resolvePort(action.port, container);
  const path = action.path ?? '';
  const url = new URL(`${scheme}://${authority}:${port}${path.startsWith('/') ? '' : '/'}${path}`);
  const headers: Record<string, string | string[]> = {};
  for (const { name, value } of action.httpHeaders ?? []) {
    const same = Object.keys(headers).find((k) => k.toLowerCase() === name.toLowerCase());
    if (same === undefined) headers[name] = value;
    else headers[same] = [...[headers[same]!].flat(), value];
  }
  const has = (name: string): boolean => Object.keys(headers).some((k) => k.toLowerCase() === name);
  if (!has('user-agent')) headers['User-Agent'] = `kube-${purpose}/${release}`;
  if (!has('accept')) headers['Accept'] = '*/*';
  return { url, headers };
}

export interface GetAnswer {
  readonly status: number;
  /** The first 10 KiB. */
  readonly body: string;
  readonly location: string | undefined;
}

const maxBodyBytes = 10 * 1024;

/** Go's words for what went wrong while connecting, which users know from events. */
export function dialErrorText(error: unknown, address: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    ECONNREFUSED: 'connect: connection refused',
    EHOSTUNREACH: 'connect: no route to host',
    ENETUNREACH: 'connect: network is unreachable',
    ETIMEDOUT: 'i/o timeout',
  };
  const text = code === undefined ? undefined : known[code];
  if (text !== undefined) return `dial tcp ${address}: ${text}`;
  if (code === 'ECONNRESET')
    return message.includes('socket hang up') ? 'EOF' : 'read: connection reset by peer';
  return message;
}

/** `host:port`, with the port that the scheme implies too, as events have it. */
export function addressOf(url: URL): string {
  return url.port === '' ? `${url.hostname}:${url.protocol === 'https:' ? 443 : 80}` : url.host;
}

/** The address of a page with its port written out. */
function pageOf(url: URL): string {
  return `${url.protocol}//${addressOf(url)}${url.pathname}${url.search}`;
}

/** Asks once; redirects are not followed. Rejects when there is no answer within `timeoutMs`. */
export function getOnce(target: GetTarget, timeoutMs: number): Promise<GetAnswer> {
  const { url, headers } = target;
  const options: RequestOptions & { rejectUnauthorized: boolean } = {
    method: 'GET',
    headers,
    agent: false,
    rejectUnauthorized: false,
    setDefaultHeaders: false,
    ...(Object.keys(headers).some((k) => k.toLowerCase() === 'host') ? { setHost: false } : {}),
  };
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const { promise, resolve, reject } = Promise.withResolvers<GetAnswer>();
  let answered = false;
  const fullHeaders = options.setHost === false ? headers : { Host: addressOf(url), ...headers };
  const req = send(
    url,
    { ...options, headers: { ...fullHeaders, Connection: 'close' } },
    (res: IncomingMessage) => {
      answered = true;
      const parts: Buffer[] = [];
      let size = 0;
      const finish = (): void => {
        clearTimeout(timer);
        const body = Buffer.concat(parts).subarray(0, maxBodyBytes).toString();
        resolve({ status: res.statusCode ?? 0, body, location: res.headers.location });
      };
      res.on('data', (part: Buffer) => {
        parts.push(part);
        size += part.length;
        if (size < maxBodyBytes) return;
        finish();
        res.destroy();
      });
      res.on('end', finish);
      res.on('error', reject);
    },
  );
  const timer = setTimeout(() => {
    const doing = answered ? 'reading body' : 'awaiting headers';
    req.destroy(new Error(`context deadline exceeded (Client.Timeout exceeded while ${doing})`));
  }, timeoutMs);
  req.on('error', (error) => {
    clearTimeout(timer);
    const text = dialErrorText(error, addressOf(url));
    reject(new Error(`Get ${JSON.stringify(pageOf(url))}: ${text}`, { cause: error }));
  });
  req.end();
  return promise;
}
