/** Which headers of a request go on to a backend, and which of its answer come back. */
import type { IncomingMessage } from 'node:http';

/** They are about one connection only (RFC 9110, 7.6.1). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** A backend must not learn how the client proved itself to us, nor believe what it was told of users. */
const credentials = /^(authorization|impersonate-.*|x-remote-.*)$/;
const tokenProtocol = 'base64url.bearer.authorization.k8s.io.';

/** Names and values in turn, as they came. `upgrades`: those that ask for the upgrade stay. */
export function requestHeaders(request: IncomingMessage, upgrades: boolean): string[] {
  const named = new Set(
    (request.headers.connection ?? '').split(',').map((n) => n.trim().toLowerCase()),
  );
  const out: string[] = [];
  const { rawHeaders } = request;
  let forwarded = '';
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    const lower = name.toLowerCase();
    let value = rawHeaders[i + 1]!;
    if (credentials.test(lower)) continue;
    if (lower === 'x-forwarded-for') {
      forwarded = forwarded === '' ? value : `${forwarded}, ${value}`;
      continue;
    }
    if (lower === 'x-forwarded-uri' && !upgrades) continue;
    if (lower === 'te' && /\btrailers\b/i.test(value)) {
      out.push('Te', 'trailers');
      continue;
    }
    const kept = upgrades && (lower === 'connection' || lower === 'upgrade');
    if (!kept && (hopByHop.has(lower) || named.has(lower))) continue;
    if (lower === 'sec-websocket-protocol') {
      value = withoutToken(value);
      if (value === '') continue;
    }
    out.push(name, value);
  }
  const client = request.socket.remoteAddress;
  if (client !== undefined) {
    out.push('X-Forwarded-For', forwarded === '' ? client : `${forwarded}, ${client}`);
  }
  return out;
}

/** Browsers hand their token over as a name of a WebSocket protocol. */
function withoutToken(protocols: string): string {
  return protocols
    .split(',')
    .map((p) => p.trim())
    .filter((p) => !p.startsWith(tokenProtocol))
    .join(', ');
}

/** Of an answer: everything but what concerns the connection. */
export function answerHeaders(answer: IncomingMessage): Record<string, string | string[]> {
  const out: Record<string, string | string[]> = {};
  const named = new Set(
    (answer.headers.connection ?? '').split(',').map((n) => n.trim().toLowerCase()),
  );
  const { rawHeaders } = answer;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || named.has(lower)) continue;
    const before = out[name];
    const value = rawHeaders[i + 1]!;
    out[name] = before === undefined ? value : [before, value].flat();
  }
  return out;
}
