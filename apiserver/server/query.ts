/** Query strings as Go's net/url reads them. */

/** A parameter that cannot be read: a semicolon, or a percent sign that escapes nothing. */
const unreadable = /;|%(?![0-9a-f]{2})/i;

/** The parameters of a query string; those that cannot be read are left out. */
export function parseQuery(text: string): URLSearchParams {
  if (!unreadable.test(text)) return new URLSearchParams(text);
  const parts = text.split('&').filter((part) => !unreadable.test(part));
  return new URLSearchParams(parts.join('&'));
}
