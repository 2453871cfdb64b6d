/** `$(NAME)` references in commands, arguments and values (`$$` stands for one `$`). */

/** Looks a name up in several scopes, first hit counts; a miss stays as it was written. */
export function lookup(...scopes: ReadonlyMap<string, string>[]): (name: string) => string {
  return (name) => {
    for (const scope of scopes) {
      const value = scope.get(name);
      if (value !== undefined) return value;
    }
    return `$(${name})`;
  };
}

/** Replaces every reference by what `read` says. */
export function expand(input: string, read: (name: string) => string): string {
  let out = '';
  let from = 0;
  for (let at = input.indexOf('$'); at >= 0; at = input.indexOf('$', from)) {
    out += input.slice(from, at);
    const next = input[at + 1];
    if (next === undefined) return `${out}$`;
    from = at + 2;
    if (next === '$') {
      out += '$';
      continue;
    }
    const close = next === '(' ? input.indexOf(')', at + 2) : -1;
    if (close < 0) {
      out += `$${next}`;
      continue;
    }
    out += read(input.slice(at + 2, close));
    from = close + 1;
  }
  return out + input.slice(from);
}
