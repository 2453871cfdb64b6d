/** Paths of URLs as Go's library reads and writes them, which shows in what the proxies pass on. */

/** A path with everything escaped but what may stand in one. */
export function escapePath(path: string): string {
  return encodeURI(path).replace(/[?#!'()*[\]]/g, (c) => {
    return `%${c.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

/** Undefined: an escape in it is none. */
export function unescapePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** What is wrong with a URL, in the words of Go's parser; undefined when nothing is. */
export function urlProblem(url: string): string | undefined {
  const wrong = /%(?![0-9A-Fa-f]{2}).{0,2}/s.exec(url);
  if (wrong !== null) return `invalid URL escape ${JSON.stringify(wrong[0])}`;
  if (/^(?:[A-Za-z][A-Za-z0-9+.-]*:)?\/\/[^/?#]*\[[^\]/?#]*(?:[/?#]|$)/.test(url)) {
    return "missing ']' in host";
  }
  return undefined;
}
