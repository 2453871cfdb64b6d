/**
 * JSON patch (RFC 6902) as the real server applies it. Beyond the RFC: `add` without a value sets
 * null, `replace` of a missing member adds it, `test` of a missing member against null passes,
 * negative indexes count from the end (-1 is the last element), what stands before the first
 * slash of a path does not count.
 */
import { deepCopy } from '../meta/copy.ts';
import { jsonEqual } from '../meta/equality.ts';
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
      'Request entity too large: The allowed maximum operations in a JSON patch is ' +
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
 * when one does not apply, with the real server's text, which does not tell which one; its cause
 * has the text of the library that the real server uses.
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
    case 'add': {
      const path = decoded(o.path, 'add', 'path', lost);
      const place = find(root, path, () => `${noPath('add')}"${path}"`);
      within(`error in add for path: '${path}'`, () => add(place, deepCopy(o.value ?? null)));
      return root;
    }
    case 'remove': {
      const path = decoded(o.path, 'remove', 'path', lost);
      const place = find(root, path, () => `${noPath('remove')}"${path}"`);
      within(`error in remove for path: '${path}'`, () => remove(place));
      return root;
    }
    case 'replace':
      return replace(root, o);
    case 'move':
      move(root, o);
      return root;
    case 'copy':
      copy(root, o, budget);
      return root;
    case 'test':
      test(root, o);
      return root;
    default:
      throw rejected(`Unexpected kind: ${o.op}`);
  }
}

const lost = 'missing value';
const noPath = (op: string) => `${op} operation does not apply: doc is missing path: `;

/** A path that an operation must have. */
function decoded(path: string | undefined, op: string, field: string, why?: string): string {
  if (path !== undefined) return path;
  const comma = field === 'from' ? ',' : '';
  const what = why ?? `operation${comma} missing ${field} field: ${lost}`;
  throw rejected(`${op} operation failed to decode ${field}: ${what}`);
}

/** Runs a step of an operation; what is wrong with it is told after what was being done. */
function within<T>(doing: string, run: () => T): T {
  try {
    return run();
  } catch (e) {
    const { cause } = e as { readonly cause?: unknown };
    if (!(cause instanceof Error)) throw e;
    throw rejected(`${doing}: ${cause.message}`);
  }
}

function replace(root: unknown, o: JsonPatchOperation): unknown {
  const value = deepCopy(o.value ?? null);
  const path = decoded(o.path, 'replace', 'path');
  if (path === '') {
    if (value === null || typeof value !== 'object') {
      throw rejected('replace operation value must be object or array: %!w(<nil>)');
    }
    return value;
  }
  const place = find(root, path, () => `${noPath('replace')}${path}`);
  const { container, key } = place;
  if (!Array.isArray(container)) {
    setMember(container, key, value);
    return root;
  }
  const missing = `replace operation does not apply: doc is missing key: ${path}: ${lost}`;
  container[existing(container, key, () => missing)] = value;
  return root;
}

function move(root: unknown, o: JsonPatchOperation): void {
  const from = decoded(o.from, 'move', 'from');
  const source = find(
    root,
    from,
    () => `move operation does not apply: doc is missing from path: ${from}`,
  );
  const value = within(`error in move for path: '${source.key}'`, () => {
    const moved = get(source);
    remove(source);
    return moved;
  });
  const path = decoded(o.path, 'move', 'path');
  const target = find(root, path, () => noDestination('move', path));
  within(`error in move for path: '${path}'`, () => add(target, value ?? null));
}

const noDestination = (op: string, path: string) =>
  `${op} operation does not apply: doc is missing destination path: ${path}`;

function copy(root: unknown, o: JsonPatchOperation, budget: { copyBytes: number }): void {
  const from = decoded(o.from, 'copy', 'from');
  const source = find(
    root,
    from,
    () => `copy operation does not apply: doc is missing from path: ${from}`,
  );
  const value = within(`error in copy for from: '${from}'`, () => get(source)) ?? null;
  const path = decoded(o.path, 'copy', 'path', lost);
  const target = find(root, path, () => noDestination('copy', path));
  budget.copyBytes -= byteLength(JSON.stringify(value));
  if (budget.copyBytes < 0) {
    throw rejected(
      `Unable to complete the copy, the accumulated size increase of copy is ${copyLimitBytes - budget.copyBytes}, exceeding the limit ${copyLimitBytes}`,
    );
  }
  within('error while adding value during copy', () => add(target, deepCopy(value)));
}

function test(root: unknown, o: JsonPatchOperation): void {
  const path = decoded(o.path, 'test', 'path');
  let value = root;
  if (path !== '') {
    const place = find(root, path, () => `test operation does not apply: is missing path: ${path}`);
    value = within(`error in test for path: '${path}'`, () => get(place));
  }
  if (!jsonEqual(value ?? null, o.value ?? null)) {
    throw rejected(`testing value ${path} failed: test failed`);
  }
}

/** Where a path leads: a member of an object or an element of an array, there or not. */
interface Place {
  readonly container: unknown[] | Record<string, unknown>;
  readonly key: string;
}

/** The place; `missing` says that there is nothing on the way to it. */
function find(root: unknown, path: string, missing: () => string): Place {
  const parts = path
    .split('/')
    .slice(1)
    .map((p) => p.replaceAll('~1', '/').replaceAll('~0', '~'));
  const key = parts.pop();
  const nothing = () => rejected(`${missing()}: ${lost}`);
  if (key === undefined) throw nothing();
  let container = root;
  for (const part of parts) {
    if (!isContainer(container)) throw nothing();
    if (Array.isArray(container)) {
      const i = indexIn(container, part);
      if (typeof i === 'string') throw nothing();
      container = container[i];
    } else container = get({ container, key: part });
  }
  if (!isContainer(container)) throw nothing();
  return { container, key };
}

function isContainer(value: unknown): value is Place['container'] {
  return typeof value === 'object' && value !== null;
}

/** The value at a place; undefined for a missing member. */
function get({ container, key }: Place): unknown {
  if (Array.isArray(container)) return container[existing(container, key)];
  return Object.hasOwn(container, key) ? container[key] : undefined;
}

/** The integer that a key is, or what is wrong with it. */
function integerOf(key: string): number | string {
  if (/^[-+]?[0-9]{1,15}$/.test(key)) return Number(key);
  return `strconv.Atoi: parsing ${quote(key)}: invalid syntax`;
}

const badIndex = (i: number) => `Unable to access invalid index: ${i}: invalid index referenced`;

/** The index of an element that is there, or what is wrong with it. */
function indexIn(list: readonly unknown[], key: string): number | string {
  const i = integerOf(key);
  if (typeof i === 'string') return i;
  const at = i < 0 ? i + list.length : i;
  return at < 0 || at >= list.length ? badIndex(i) : at;
}

function existing(list: readonly unknown[], key: string, missing?: () => string): number {
  const at = indexIn(list, key);
  if (typeof at === 'string') throw rejected(missing?.() ?? at);
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
  const i = integerOf(key);
  if (typeof i === 'string') {
    throw rejected(`value was not a proper array index: '${key}': ${i}`);
  }
  const at = i < 0 ? i + container.length + 1 : i;
  if (at < 0 || at > container.length) throw rejected(badIndex(i));
  container.splice(at, 0, value);
}

function remove({ container, key }: Place): void {
  if (Array.isArray(container)) container.splice(existing(container, key), 1);
  else if (Object.hasOwn(container, key)) delete container[key];
  else throw rejected(`Unable to remove nonexistent key: ${key}: ${lost}`);
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
