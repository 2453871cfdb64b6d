/** The functions that operators are. */

/** The function of each binary operator. */
export const binaryOperators: Readonly<Record<string, string>> = {
  '+': '_+_',
  '-': '_-_',
  '*': '_*_',
  '/': '_/_',
  '%': '_%_',
  '==': '_==_',
  '!=': '_!=_',
  '<': '_<_',
  '<=': '_<=_',
  '>': '_>_',
  '>=': '_>=_',
  in: '@in',
};

/** `a ? b : c`. */
export const conditional = '_?_:_';
/** `a && b`. */
export const logicalAnd = '_&&_';
/** `a || b`. */
export const logicalOr = '_||_';
/** `!a`. */
export const logicalNot = '!_';
/** `-a`. */
export const negate = '-_';
/** `a[b]`. */
export const index = '_[_]';
/** `a[?b]`. */
export const optionalIndex = '_[?_]';
/** `a.?b`. */
export const optionalSelect = '_?._';
/** Whether something is true or an error: keeps `all` and `exists` going over errors. */
export const notStrictlyFalse = '@not_strictly_false';
