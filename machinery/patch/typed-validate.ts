/** Checks a configuration against its shape, with the texts and paths of the real server. */

import { goSyntax, goText, goType } from './go-text.ts';
import { elementOf, ListElementError } from './list-element.ts';
import { elementText } from './path-element.ts';
import type { ListShape, MapShape, Shape } from './shape.ts';
import { formOf } from './typed.ts';

/** The problems of a value, one text; undefined when it fits. Duplicate items are a problem. */
export function typeProblems(shape: Shape, value: unknown): string | undefined {
  const problems: string[] = [];
  check(shape, value, undefined, problems);
  if (problems.length === 0) return undefined;
  return problems.length === 1
    ? problems[0]
    : ['errors:', ...problems.map((p) => `  ${p}`)].join('\n');
}

/** Where a value is; the text is made only when there is a problem to tell. */
interface Place {
  readonly parent: Place | undefined;
  readonly element: string;
}

function placeText(place: Place | undefined): string {
  return place === undefined ? '' : placeText(place.parent) + elementText(place.element);
}

function problem(place: Place | undefined, text: string): string {
  return place === undefined ? text : `${placeText(place)}: ${text}`;
}

function check(shape: Shape, value: unknown, place: Place | undefined, out: string[]): void {
  if (value === null || value === undefined) return;
  switch (formOf(shape, value)) {
    case 'scalar': {
      const text = scalarProblem(shape.scalar!, value);
      if (text !== undefined) out.push(problem(place, text));
      return;
    }
    case 'list':
      if (!Array.isArray(value)) out.push(problem(place, `expected list, got ${shown(value)}`));
      else checkItems(shape.list!, value, place, out);
      return;
    default:
      if (typeof value !== 'object' || Array.isArray(value)) {
        out.push(problem(place, `expected map, got ${shown(value)}`));
      } else checkMembers(shape.map!, value as Record<string, unknown>, place, out);
  }
}

function checkItems(
  list: ListShape,
  items: readonly unknown[],
  place: Place | undefined,
  out: string[],
): void {
  const seen = new Set<string>();
  for (const [i, item] of items.entries()) {
    let element = `i:${i}`;
    if (!list.atomic) {
      try {
        element = elementOf(list, item);
      } catch (e) {
        if (!(e instanceof ListElementError)) throw e;
        out.push(problem(place, `element ${i}: ${e.message}`));
        return;
      }
      if (seen.has(element)) {
        out.push(problem(place, `duplicate entries for key ${elementText(element)}`));
      }
      seen.add(element);
    }
    check(list.element, item, { parent: place, element }, out);
  }
}

function checkMembers(
  map: MapShape,
  members: Readonly<Record<string, unknown>>,
  place: Place | undefined,
  out: string[],
): void {
  for (const name in members) {
    const shape = map.fields.get(name)?.shape ?? map.element;
    if (shape === undefined) {
      out.push(problem({ parent: place, element: `f:${name}` }, 'field not declared in schema'));
      // The real server looks no further after the first of these.
      return;
    }
    check(shape, members[name], { parent: place, element: `f:${name}` }, out);
  }
}

function scalarProblem(kind: NonNullable<Shape['scalar']>, value: unknown): string | undefined {
  switch (kind) {
    case 'numeric':
      if (typeof value === 'number' || typeof value === 'bigint') return undefined;
      return `expected numeric (int or float), got ${goType(value)}`;
    case 'string':
      if (typeof value === 'string') return undefined;
      return `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got ${shown(value)}`;
    default:
      return typeof value === 'object' ? `expected any scalar, got ${shown(value)}` : undefined;
  }
}

/** Go's %v of the wrapper that holds a JSON value. */
function shown(value: unknown): string {
  return `&{${goText(value)}}`;
}
