/** Path elements of list items: how an item is told from the others. */
import { keyElement, valueElement } from './path-element.ts';
import type { ListShape } from './shape.ts';

/** An item that has no place in the list's order of things; the text is the real server's. */
export class ListElementError extends Error {
  override readonly name = 'ListElementError';
}

/** The element of an item of a list that is not atomic. Throws ListElementError. */
export function elementOf(list: ListShape, item: unknown): string {
  return list.keys.length > 0 ? byKeys(list, item) : byValue(item);
}

function byKeys(list: ListShape, item: unknown): string {
  if (item === null || item === undefined) {
    throw new ListElementError('associative list with keys may not have a null element');
  }
  if (typeof item !== 'object' || Array.isArray(item)) {
    throw new ListElementError('associative list with keys may not have non-map elements');
  }
  const keys: [string, unknown][] = [];
  for (const name of list.keys) {
    const value = (item as Record<string, unknown>)[name];
    const used = value === undefined ? list.element.map?.fields.get(name)?.default : value;
    if (used !== undefined) keys.push([name, used]);
  }
  if (keys.length === 0) {
    const names = list.keys.map((k) => JSON.stringify(k)).join(' ');
    throw new ListElementError(
      `associative list with keys has an element that omits all key fields [${names}] (and ` +
        "doesn't have default values for any key fields)",
    );
  }
  return keyElement(keys);
}

function byValue(item: unknown): string {
  if (item === null || item === undefined) {
    throw new ListElementError(
      "associative list without keys has an element that's an explicit null",
    );
  }
  if (Array.isArray(item)) {
    throw new ListElementError('not supported: associative list with lists as elements');
  }
  if (typeof item === 'object') {
    throw new ListElementError("associative list without keys has an element that's a map type");
  }
  return valueElement(item);
}
