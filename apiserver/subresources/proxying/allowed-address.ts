/** Which addresses the server passes requests on to: none of its own machine or link. */
import { isIpv4, parseIp } from '../../../machinery/meta/ip.ts';

/** Go's IsGlobalUnicast: not unspecified, loopback, link-local, multicast or broadcast. */
export function isGlobalUnicast(text: string): boolean {
  const ip = parseIp(text);
  if (ip === undefined) return false;
  const b = isIpv4(ip) ? ip.bytes.slice(-4) : ip.bytes;
  if (b.length === 4) {
    if (b.every((x) => x === 0) || b.every((x) => x === 255)) return false;
    if (b[0] === 127 || (b[0]! & 0xf0) === 0xe0) return false;
    return !(b[0] === 169 && b[1] === 254);
  }
  if (b.slice(0, 15).every((x) => x === 0) && b[15]! <= 1) return false;
  if (b[0] === 0xff) return false;
  return !(b[0] === 0xfe && (b[1]! & 0xc0) === 0x80);
}
