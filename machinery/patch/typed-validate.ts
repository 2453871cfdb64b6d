/** Checks a configuration against its shape, with the texts and paths of the real server. */
import { elementText } from './field-set.ts';
import { goSyntax, goText, goType } from './go-text.ts';
import { elementOf, ListElementError } from './list-element.ts';
import type { ListShape, MapShape, Shape } from './shape.ts';
import { formOf } from './typed.ts';

/** The problems of a value, one text; undefined when it fits. Duplicate items are a problem. */
export function typeProblems(shape: Shape, value: unknown): string | undefined {
  const problems: string[] = [];
  check(shape, value, '', problems);
  if (problems.length === 0) return undefined;
  return problems.length === 1
    ? problems[0]
    : ['errors:', ...problems.map((p) => `  ${p}`)].join('\n');
}

function problem(path: string, text: string): string {
  return path === '' ? text : `${path}: ${text}`;
}

function check(shape: Shape, value: unknown, path: string, out: string[]): void {
  if (value === null || value === undefined) return;
  switch (formOf(shape, value)) {
    case 'scalar': {
      const text = scalarProblem(shape.scalar!, value);
      if (text !== undefined) out.push(problem(path, text));
      return;
    }
    case 'list':
      if (!Array.isArray(value)) out.push(problem(path, `expected list, got ${shown(value)}`));
      else checkItems(shape.list!, value, path, out);
      return;
    default:
      if (typeof value !== 'object' || Array.isArray(value)) {
        out.push(problem(path, `expected map, got ${shown(value)}`));
      } else checkMembers(shape.map!, value as Record<string, unknown>, path, out);
  }
}

function checkItems(list: ListShape, items: readonly unknown[], path: string, out: string[]): void {
  const seen = new Set<string>();
  for (const [i, item] of items.entries()) {
    let element = `i:${i}`;
    if (!list.atomic) {
      try {
        element = elementOf(list, item);
      } catch (e) {
        if (!(e instanceof ListElementError)) throw e;
        out.push(problem(path, `element ${i}: ${e.message}`));
        return;
      }
      if (seen.has(element)) {
        out.push(problem(path, `duplicate entries for key ${elementText(element)}`));
      }
      seen.add(element);
    }
    check(list.element, item, path + elementText(element), out);
  }
}

function checkMembers(
  map: MapShape,
  members: Readonly<Record<string, unknown>>,
  path: string,
  out: string[],
): void {
  for (const name in members) {
    const shape = map.fields.get(name)?.shape ?? map.element;
    if (shape === undefined) {
      out.push(problem(`${path}.${name}`, 'field not declared in schema'));
      // The real server looks no further after the first of these.
      return;
    }
    check(shape, members[name], `${path}.${name}`, out);
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
