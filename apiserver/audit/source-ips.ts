/** The addresses that a request came by: what proxies say, and at last who really sent it. */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP, isIPv6 } from 'node:net';

/** Claims of headers first; the connection's own address is always the last. */
export function sourceIps(headers: IncomingHttpHeaders, remote: string | undefined): string[] {
  const out: string[] = [];
  const forwarded = headers['x-forwarded-for'];
  for (const part of [forwarded ?? []].flat().join(',').split(',')) {
    const ip = canonical(part.trim());
    if (ip !== undefined) out.push(ip);
  }
  const real = canonical([headers['x-real-ip'] ?? []].flat()[0]?.trim() ?? '');
  if (real !== undefined && !out.includes(real)) out.push(real);
  const own = canonical(remote ?? '');
  if (own !== undefined && out.at(-1) !== own) out.push(own);
  return out;
}

function canonical(text: string): string | undefined {
  if (isIP(text) === 0) return undefined;
  if (!isIPv6(text)) return text;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text);
  return mapped?.[1] ?? new URL(`http://[${text.replace(/%.*/, '')}]`).hostname.slice(1, -1);
}
