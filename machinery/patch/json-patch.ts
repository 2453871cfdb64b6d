/**
 * JSON patch (RFC 6902) as the real server applies it. Beyond the RFC: `add` without a value sets
 * null, `replace` of a missing member adds it, `test` of a missing member against null passes,
 * negative indexes count from the end (-1 is the last element), what stands before the first
 * slash of a path does not count.
 */
import { deepCopy } from '../meta/copy.ts';
import { quote } from '../meta/field-error.ts';
import { byteLength } from '../meta/names.ts';
import { badRequest, StatusError } from '../meta/status-error.ts';

/** One operation; `value` undefined: none was given. */
export interface JsonPatchOperation {
  readonly op: string;
  readonly path: string | undefined;
  readonly from: string | undefined;
  readonly value: unknown;
}

/** A patch that was read, and the problems that strict or warning validation tells. */
export interface JsonPatch {
  readonly operations: readonly JsonPatchOperation[];
  /** Such as `json patch unknown field "[0].x"`. */
  readonly strictErrors: readonly string[];
}

const maxOperations = 10_000;
/** What all `copy` operations of a patch may add: a few of them double a document each time. */
const copyLimitBytes = 3 * 1024 * 1024;
const knownFields = new Set(['op', 'path', 'from', 'value']);

/**
 * Reads a parsed body. `validated`: field validation is not `Ignore` (the texts differ). Throws
 * StatusError, 400 for what is no patch, 413 for more than 10,000 operations.
 */
export function decodeJsonPatch(body: unknown, validated: boolean): JsonPatch {
  const list = body ?? [];
  if (!Array.isArray(list)) {
    const problem = `json: cannot unmarshal ${goKind(list)} into Go value of type`;
    throw badRequest(
      validated
        ? `error decoding patch: ${problem} []handlers.jsonPatchOp`
        : `${problem} jsonpatch.Patch`,
    );
  }
  const strictErrors: string[] = [];
  const operations = list.map((item: unknown, i): JsonPatchOperation => {
    if (item === null) return { op: 'unknown', path: undefined, from: undefined, value: undefined };
    if (typeof item !== 'object' || Array.isArray(item)) {
      const problem = `json: cannot unmarshal ${goKind(item)} into Go value of type`;
      throw badRequest(
        validated
          ? `error decoding patch: ${problem} handlers.jsonPatchOp`
          : `${problem} jsonpatch.Operation`,
      );
    }
    const o = item as Record<string, unknown>;
    for (const k of Object.keys(o)) {
      if (!knownFields.has(k))
        strictErrors.push(`json patch unknown field ${quote(`[${i}].${k}`)}`);
    }
    if (validated) checkTypes(o);
    return {
      op: typeof o['op'] === 'string' ? o['op'] : 'unknown',
      path: typeof o['path'] === 'string' ? o['path'] : undefined,
      from: typeof o['from'] === 'string' ? o['from'] : undefined,
      value: o['value'],
    };
  });
  if (operations.length > maxOperations) {
    throw new StatusError(
      'RequestEntityTooLarge',
      'Request entity is too large: The allowed maximum operations in a JSON patch is ' +
        `${maxOperations}, got ${operations.length}`,
    );
  }
  return { operations, strictErrors: validated ? strictErrors : [] };
}

function checkTypes(o: Readonly<Record<string, unknown>>): void {
  for (const name of ['op', 'path', 'from']) {
    const v = o[name];
    if (v === undefined || v === null || typeof v === 'string') continue;
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${goKind(v)} into Go struct field ` +
        `jsonPatchOp.${name} of type string`,
    );
  }
}

/** What Go's JSON errors call a value. */
function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/**
 * The document after all operations; the document given is not changed. Throws StatusError 422
 * when one does not apply, with the real server's text, which does not tell which one.
 */
export function applyJsonPatch(
  document: unknown,
  operations: readonly JsonPatchOperation[],
): unknown {
  let root: unknown = deepCopy(document);
  const budget = { copyBytes: copyLimitBytes };
  for (const operation of operations) root = applyOne(root, operation, budget);
  return root;
}

function rejected(why: string): StatusError {
  return new StatusError(
    'Invalid',
    'the server rejected our request due to an error in our request',
    {},
    422,
    { cause: new Error(why) },
  );
}

function applyOne(root: unknown, o: JsonPatchOperation, budget: { copyBytes: number }): unknown {
  switch (o.op) {
    case 'add':
      add(find(root, o.path), deepCopy(o.value ?? null));
      return root;
    case 'remove':
      remove(find(root, o.path));
      return root;
    case 'replace':
      return replace(root, o);
    case 'move': {
      const from = find(root, o.from);
      const value = get(from);
      remove(from);
      add(find(root, o.path), value ?? null);
      return root;
    }
    case 'copy': {
      const value = get(find(root, o.from)) ?? null;
      budget.copyBytes -= byteLength(JSON.stringify(value));
      if (budget.copyBytes < 0) throw rejected('the copies of the patch are too large');
      add(find(root, o.path), deepCopy(value));
      return root;
    }
    case 'test':
      test(root, o);
      return root;
    default:
      throw rejected(`Unexpected kind: ${o.op}`);
  }
}

function replace(root: unknown, o: JsonPatchOperation): unknown {
  const value = deepCopy(o.value ?? null);
  if (o.path === '') {
    if (value === null || typeof value !== 'object') {
      throw rejected('replace operation value must be object or array');
    }
    return value;
  }
  const place = find(root, o.path);
  if (Array.isArray(place.container)) place.container[existing(place.container, place.key)] = value;
  else setMember(place.container, place.key, value);
  return root;
}

function test(root: unknown, o: JsonPatchOperation): void {
  const value = o.path === '' ? root : get(find(root, o.path));
  if (!sameJson(value ?? null, o.value ?? null)) throw rejected(`testing value ${o.path} failed`);
}

function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(x);
  if (keys.length !== Object.keys(y).length) return false;
  return keys.every((k) => Object.hasOwn(y, k) && sameJson(x[k], y[k]));
}

/** Where a path leads: a member of an object or an element of an array, there or not. */
interface Place {
  readonly container: unknown[] | Record<string, unknown>;
  readonly key: string;
}

function find(root: unknown, path: string | undefined): Place {
  if (path === undefined) throw rejected('operation missing path field');
  const parts = path
    .split('/')
    .slice(1)
    .map((p) => p.replaceAll('~1', '/').replaceAll('~0', '~'));
  const key = parts.pop();
  if (key === undefined) throw rejected(`doc is missing path: ${path}`);
  let at = root;
  for (const part of parts) {
    at = get({ container: containerOf(at, path), key: part });
  }
  return { container: containerOf(at, path), key };
}

function containerOf(value: unknown, path: string): Place['container'] {
  if (typeof value !== 'object' || value === null) throw rejected(`doc is missing path: ${path}`);
  return value as Place['container'];
}

/** The value at a place; undefined for a missing member. */
function get({ container, key }: Place): unknown {
  if (Array.isArray(container)) return container[existing(container, key)];
  return Object.hasOwn(container, key) ? container[key] : undefined;
}

function indexOf(key: string): number {
  if (!/^[-+]?[0-9]{1,15}$/.test(key)) throw rejected(`not an array index: ${key}`);
  return Number(key);
}

/** The index of an element that is there. */
function existing(list: readonly unknown[], key: string): number {
  const i = indexOf(key);
  const at = i < 0 ? i + list.length : i;
  if (at < 0 || at >= list.length) throw rejected(`Unable to access invalid index: ${i}`);
  return at;
}

function add({ container, key }: Place, value: unknown): void {
  if (!Array.isArray(container)) {
    setMember(container, key, value);
    return;
  }
  if (key === '-') {
    container.push(value);
    return;
  }
  const i = indexOf(key);
  const at = i < 0 ? i + container.length + 1 : i;
  if (at < 0 || at > container.length) throw rejected(`Unable to access invalid index: ${i}`);
  container.splice(at, 0, value);
}

function remove({ container, key }: Place): void {
  if (Array.isArray(container)) container.splice(existing(container, key), 1);
  else if (Object.hasOwn(container, key)) delete container[key];
  else throw rejected(`Unable to remove nonexistent key: ${key}`);
}

/** Sets a member whatever it is called: `__proto__` is a name like any other. */
function setMember(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
