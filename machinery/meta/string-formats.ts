/** The formats of texts that schemas know; a format without a rule here says nothing. */

import { parseGoUrl } from './go-url.ts';
import { isIpv4, parseCidr, parseIp } from './ip.ts';
import { member } from './member.ts';
import { isDns1123Label, isDns1123Subdomain } from './names.ts';

const hostname =
  /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$/u;
const hex = '[0-9a-f]';
const uuid = (third: string, fourth: string) =>
  new RegExp(`^${hex}{8}-?${hex}{4}-?${third}-?${fourth}-?${hex}{12}$`, 'i');
const anyQuarter = `${hex}{4}`;
const variant = `[89ab]${hex}{3}`;
const rules: Readonly<Record<string, RegExp | ((text: string) => boolean)>> = {
  bsonobjectid: /^[0-9a-fA-F]{24}$/,
  byte: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/,
  cidr: (text) => parseCidr(text) !== undefined,
  creditcard: isCreditCard,
  date: isDate,
  datetime: isDateTime,
  duration: isDuration,
  email: /^(?:[^<>@]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@,;:"()[\]\\]+@[^\s<>@,;:"()\\]+)$/,
  hexcolor: /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/,
  hostname: (text) =>
    text.length <= 255 && hostname.test(text) && text.split('.').every((p) => p.length <= 63),
  ipv4: (text) => {
    const ip = text.includes(':') ? undefined : parseIp(text);
    return ip !== undefined && isIpv4(ip);
  },
  ipv6: (text) => text.includes(':') && parseIp(text) !== undefined,
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  k8slongname: (text) => isDns1123Subdomain(text).length === 0,
  k8sshortname: (text) => isDns1123Label(text).length === 0,
  mac: /^(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}(?:[0-9a-f]{2}\1[0-9a-f]{2}\1)?[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2,3}[0-9a-f]{4})$/i,
  rgbcolor: isRgbColor,
  ssn: /^\d{3}[- ]?\d{2}[- ]?\d{4}$/,
  uri: (text) => /^(?:\/|[a-zA-Z][a-zA-Z0-9+.-]*:)/.test(text) && !('problem' in parseGoUrl(text)),
  uuid: uuid(anyQuarter, anyQuarter),
  uuid3: uuid(`3${hex}{3}`, anyQuarter),
  uuid4: uuid(`4${hex}{3}`, variant),
  uuid5: uuid(`5${hex}{3}`, variant),
};

/** False for a text that is not of the format. Dashes in a format's name do not count. */
export function isOfFormat(text: string, format: string): boolean {
  const rule = member(rules, format.replaceAll('-', ''));
  if (rule === undefined) return true;
  return rule instanceof RegExp ? rule.test(text) : rule(text);
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  return (
    month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
  );
}

function isDateTime(text: string): boolean {
  const [date = '', time] = text.toLowerCase().split('t');
  if (time === undefined || !isDate(date)) return false;
  const match = /^(\d\d):(\d\d):(\d\d)(?:.\d+)?(?:z|[+-]\d\d:\d\d)$/.exec(time);
  return match !== null && match[1]! <= '23' && match[2]! <= '59' && match[3]! <= '59';
}

const goDuration = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)/;
const spelledDuration =
  /(\d+)\s*(?:nano|micro|milli|second|minute|hour|day|week|(?:ns|us|µs|ms|mins?|hrs?|secs?|[smhdw])\b)/i;

function isDuration(text: string): boolean {
  if (text === '0') return true;
  let rest = text;
  while (goDuration.test(rest)) rest = rest.replace(goDuration, '');
  return (rest === '' && text !== '') || spelledDuration.test(text);
}

function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, '');
  if (
    !/^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|(222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11}|6[27]\d{14})$/.test(
      digits,
    )
  ) {
    return false;
  }
  const sum = [...digits].reverse().reduce((total, c, i) => {
    const twice = Number(c) * (i % 2 === 0 ? 1 : 2);
    return total + (twice > 9 ? twice - 9 : twice);
  }, 0);
  return sum % 10 === 0;
}

function isIsbn10(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, '');
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  const sum = [...digits].reduce((s, c, i) => s + (i + 1) * (c === 'X' ? 10 : Number(c)), 0);
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, '');
  if (!/^\d{13}$/.test(digits)) return false;
  const sum = [...digits].reduce((s, c, i) => s + Number(c) * (i % 2 === 0 ? 1 : 3), 0);
  return sum % 10 === 0;
}

function isRgbColor(text: string): boolean {
  const match = /^rgb\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\)$/.exec(text);
  return match?.slice(1).every((n) => String(Number(n)) === n && Number(n) <= 255) === true;
}
