/** Headers for web browsers, when flags ask for them: CORS and HSTS. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface FrontHeaderOptions {
  readonly corsAllowedOrigins: readonly string[];
  readonly strictTransportSecurityDirectives: readonly string[];
}

/** Sets headers; true: the request has been answered. */
export type FrontHeaders = (request: IncomingMessage, response: ServerResponse) => boolean;

/** No origin is longer. */
const originLimit = 1024;

/** Undefined when nothing is asked for. Throws an Error with one line for people. */
export function frontHeaders(options: FrontHeaderOptions): FrontHeaders | undefined {
  const cors = options.corsAllowedOrigins.map(originPattern);
  const hsts = options.strictTransportSecurityDirectives.map(hstsDirective).join('; ');
  if (cors.length === 0 && hsts === '') return undefined;
  return (request, response) => {
    if (hsts !== '') response.setHeader('Strict-Transport-Security', hsts);
    const { origin = '' } = request.headers;
    if (origin === '' || origin.length > originLimit) return false;
    if (!cors.some((pattern) => pattern.test(origin))) return false;
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Allow-Methods', 'POST, GET, OPTIONS, PUT, DELETE, PATCH');
    response.setHeader('Access-Control-Allow-Headers', allowedHeaders);
    response.setHeader('Access-Control-Expose-Headers', 'Date');
    response.setHeader('Access-Control-Allow-Credentials', 'true');
    if (request.method !== 'OPTIONS') return false;
    response.writeHead(204).end();
    return true;
  };
}

const allowedHeaders =
  'Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since';

/** A pattern that does not say where the host begins and ends would let others in. */
function originPattern(text: string): RegExp {
  const pinned = (text.includes('^') || text.includes('//')) && /[$:]/.test(text);
  if (!pinned) {
    throw new Error(
      `--cors-allowed-origins=${text}: the pattern must pin the start and the end of the host`,
    );
  }
  try {
    return new RegExp(text);
  } catch (e) {
    throw new Error(`--cors-allowed-origins=${text}: ${e instanceof Error ? e.message : e}`, {
      cause: e,
    });
  }
}

function hstsDirective(text: string): string {
  if (/^(includeSubDomains|preload|max-age=[^=]*)$/.test(text)) return text;
  throw new Error(
    '--strict-transport-security-directives invalid, allowed values: max-age=expireTime, includeSubDomains, preload',
  );
}
