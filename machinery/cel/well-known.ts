/** Message names of types that the language has of its own: they can be made by them. */
import type { CelType, Kind } from './types.ts';

const names: Partial<Record<Kind, string>> = {
  any: 'google.protobuf.Any',
  bool: 'google.protobuf.BoolValue',
  bytes: 'google.protobuf.BytesValue',
  double: 'google.protobuf.DoubleValue',
  duration: 'google.protobuf.Duration',
  dyn: 'google.protobuf.Value',
  int: 'google.protobuf.Int64Value',
  list: 'google.protobuf.ListValue',
  null: 'google.protobuf.NullValue',
  map: 'google.protobuf.Struct',
  string: 'google.protobuf.StringValue',
  timestamp: 'google.protobuf.Timestamp',
  uint: 'google.protobuf.UInt64Value',
};

/** The name of the message a type is, where it is one. */
export function messageTypeName(t: CelType): string | undefined {
  switch (t.kind) {
    case 'any':
    case 'timestamp':
    case 'duration':
    case 'dyn':
    case 'null':
      return names[t.kind];
    case 'list':
      return t.params[0]!.kind === 'dyn' ? names.list : undefined;
    case 'map':
      return t.params[0]!.kind === 'string' && t.params[1]!.kind === 'dyn' ? names.map : undefined;
    default:
      return t.nullable ? names[t.kind] : undefined;
  }
}
