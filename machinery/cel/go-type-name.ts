/** Names of the reference implementation's own types, where its messages let them show. */
import { JsonList, JsonMap } from './adapt.ts';
import { Duration } from './duration.ts';
import { ListValue } from './list-value.ts';
import { MapValue } from './map-value.ts';
import { Timestamp } from './timestamp.ts';
import { CelType } from './types.ts';
import { Optional, Uint, type Value } from './values.ts';

/** What `%T` prints of a value there. */
export function goTypeName(v: Value): string {
  switch (typeof v) {
    case 'string':
      return 'types.String';
    case 'bigint':
      return 'types.Int';
    case 'number':
      return 'types.Double';
    case 'boolean':
      return 'types.Bool';
    default:
  }
  if (v === null) return 'types.Null';
  if (v instanceof JsonList) return '[]interface {}';
  if (v instanceof JsonMap) return 'map[string]interface {}';
  if (v instanceof Uint) return 'types.Uint';
  if (v instanceof Uint8Array) return 'types.Bytes';
  if (v instanceof Timestamp) return 'types.Timestamp';
  if (v instanceof Duration) return 'types.Duration';
  if (v instanceof ListValue) return '*types.baseList';
  if (v instanceof MapValue) return '*types.baseMap';
  if (v instanceof Optional) return '*types.Optional';
  return v instanceof CelType ? '*types.Type' : 'ref.Val';
}
