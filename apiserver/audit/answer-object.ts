/** Objects in the audit log: as JSON of one line, whatever encoding the client speaks. */
import { decodeProtobuf } from '../../machinery/codec/protobuf.ts';
import { decodeYaml } from '../../machinery/codec/yaml.ts';

interface Meta {
  readonly managedFields?: unknown;
}

type Shown = Readonly<Record<string, unknown>>;

/** What a body holds when it is an object of the API. */
export interface AnswerObject {
  readonly kind: string;
  /** Of one line. */
  json(omitManagedFields: boolean): string;
  value(): Shown;
}

/** Undefined for text and for JSON that is no object of the API. */
export function answerObject(contentType: string, body: Buffer): AnswerObject | undefined {
  const type = contentType.split(';', 1)[0];
  if (type === 'application/json') {
    const kind = /^\{"kind":"(\w+)"/.exec(body.subarray(0, 128).toString('latin1'))?.[1];
    if (kind !== undefined) return jsonObject(kind, body);
  }
  let value: unknown;
  try {
    if (type === 'application/json') value = JSON.parse(body.toString('utf8'));
    else if (type === 'application/yaml') ({ value } = decodeYaml(body));
    else if (type === 'application/vnd.kubernetes.protobuf') value = decodeProtobuf(body).object;
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind } = value as { kind?: unknown };
  if (typeof kind !== 'string') return undefined;
  const shown = value as Shown;
  return { kind, value: () => shown, json: (omit) => jsonOf(shown, omit) };
}

/** Most answers are of one line already: large ones are not taken apart for nothing. */
function jsonObject(kind: string, body: Buffer): AnswerObject {
  const text = body.toString('utf8').trimEnd();
  const value = () => JSON.parse(text) as Shown;
  return {
    kind,
    value,
    json: (omit) => (omit || text.includes('\n') ? jsonOf(value(), omit) : text),
  };
}

function jsonOf(value: Shown, omitManagedFields: boolean): string {
  return JSON.stringify(omitManagedFields ? withoutManagedFields(value) : value);
}

/** A copy of an object, a list or a table without the records of who owns which field. */
export function withoutManagedFields(value: Shown): Shown {
  const { items, rows } = value;
  const own = bare(value);
  if (Array.isArray(items)) return { ...own, items: items.map((item) => bare(item as Shown)) };
  if (value['kind'] === 'Table' && Array.isArray(rows)) {
    const each = (row: Shown) =>
      row['object'] === undefined ? row : { ...row, object: bare(row['object'] as Shown) };
    return { ...own, rows: (rows as Shown[]).map(each) };
  }
  return own;
}

function bare(value: Shown): Shown {
  const metadata = value?.['metadata'] as Meta | undefined;
  if (metadata?.managedFields === undefined) return value;
  const { managedFields: _managed, ...rest } = metadata;
  return { ...value, metadata: rest };
}
