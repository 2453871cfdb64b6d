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

export const conditional = '_?_:_';
export const logicalAnd = '_&&_';
export const logicalOr = '_||_';
export const logicalNot = '!_';
export const negate = '-_';
export const index = '_[_]';
export const optionalIndex = '_[?_]';
export const optionalSelect = '_?._';
/** Whether something is true or an error: keeps `all` and `exists` going over errors. */
export const notStrictlyFalse = '@not_strictly_false';
