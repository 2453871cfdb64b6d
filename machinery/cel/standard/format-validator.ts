/** Checks `'constant'.format([…])`: clauses that exist, arguments of types they take. */
import { type Expr, walk } from '../ast.ts';
import type { Validator } from '../library.ts';
import type { CelType, Kind } from '../types.ts';
import { CelError } from '../values.ts';
import { clauseComplaints, interpolate } from './string-format.ts';

const accepted: Readonly<Record<string, readonly Kind[]>> = {
  s: [
    ...(['list', 'map', 'int', 'uint', 'double', 'bool', 'string', 'timestamp', 'bytes'] as const),
    ...(['duration', 'type', 'null'] as const),
  ],
  d: ['int', 'uint'],
  f: ['double', 'string'],
  e: ['double', 'string'],
  b: ['int', 'uint', 'bool'],
  x: ['int', 'uint', 'string', 'bytes'],
  X: ['int', 'uint', 'string', 'bytes'],
  o: ['int', 'uint'],
};

function takes(letter: string, type: CelType): boolean {
  return type.kind === 'dyn' || accepted[letter]!.includes(type.kind);
}

/** The part of an argument that the clause does not take. */
function refused(letter: string, e: Expr): Expr | undefined {
  if (!takes(letter, e.type!)) return e;
  if (letter !== 's') return undefined;
  const parts =
    e.kind === 'list'
      ? e.elements
      : e.kind === 'map'
        ? e.entries.flatMap((entry) => [entry.key, entry.value])
        : [];
  for (const part of parts) {
    const found = refused(letter, part);
    if (found !== undefined) return found;
  }
  return undefined;
}

export const formatValidator: Validator = {
  name: 'cel.validator.string_format',
  check(root, report) {
    walk(root, (e) => {
      if (e.kind !== 'call' || e.function !== 'format' || e.target?.kind !== 'literal') return;
      const format = e.target.value;
      const list = e.args[0];
      if (typeof format !== 'string' || e.args.length !== 1 || list?.kind !== 'list') return;
      if (e.reference?.overloads?.includes('string_format') === false) return;
      let place = e.at;
      let used = 0;
      const outcome = interpolate(format, list.elements.length, ({ letter }, index) => {
        used++;
        const wrong = refused(letter, list.elements[index]!);
        if (wrong === undefined) return '';
        place = wrong.at;
        return new CelError(`${clauseComplaints[letter]}${wrong.type!.name}`);
      });
      if (outcome instanceof CelError) return report(place, outcome.message);
      const given = list.elements.length;
      if (given <= used) return;
      report(e.at, `too many arguments supplied to string.format (expected ${used}, got ${given})`);
    });
  },
};
