/**
 * What expressions of mutating policies make: parts of an object to apply (`Object.spec{…}`), whose
 * fields may have any name, and steps of a JSON patch (`JSONPatch{op: "add", …}`).
 */
import { equalValues } from '../../machinery/cel/equality.ts';
import type { TypeProvider } from '../../machinery/cel/type-provider.ts';
import { type CelType, dynType, objectType, stringType } from '../../machinery/cel/types.ts';
import { CelError, ObjectValue, type Result, type Value } from '../../machinery/cel/values.ts';

const objectName = 'Object';
const stepType = objectType('JSONPatch');

/** A part of an object to apply; its type says where it belongs. */
export class ObjectPart extends ObjectValue {
  readonly type: CelType;
  readonly fields: ReadonlyMap<string, Value>;

  constructor(type: CelType, fields: ReadonlyMap<string, Value>) {
    super();
    this.type = type;
    this.fields = fields;
  }

  override equals(other: Value): boolean {
    if (!(other instanceof ObjectPart) || other.type.name !== this.type.name) return false;
    if (other.fields.size !== this.fields.size) return false;
    return [...this.fields].every(([name, value]) => {
      const counterpart = other.fields.get(name);
      return counterpart !== undefined && equalValues(value, counterpart);
    });
  }

  override get(field: string): Result {
    return this.fields.get(field) ?? new CelError(`no such key: ${field}`);
  }

  override isSet(field: string): boolean {
    return this.fields.has(field);
  }

  override isZero(): boolean {
    return this.fields.size === 0;
  }
}

/** A step of a JSON patch; texts that are not given are empty. */
export class JsonPatchStep extends ObjectValue {
  readonly op: string;
  readonly path: string;
  readonly from: string;
  readonly value: Value | undefined;

  constructor(fields: ReadonlyMap<string, Value>) {
    super();
    const text = (name: string): string => {
      const given = fields.get(name);
      return typeof given === 'string' ? given : '';
    };
    this.op = text('op');
    this.path = text('path');
    this.from = text('from');
    this.value = fields.get('value');
  }

  override get type(): CelType {
    return stepType;
  }

  override equals(other: Value): boolean {
    if (!(other instanceof JsonPatchStep)) return false;
    if (other.op !== this.op || other.path !== this.path || other.from !== this.from) return false;
    if (this.value === undefined || other.value === undefined) return this.value === other.value;
    return equalValues(this.value, other.value);
  }

  override get(field: string): Result {
    switch (field) {
      case 'op':
      case 'path':
      case 'from':
        return this[field];
      case 'value':
        return this.value ?? null;
      default:
        return new CelError(`unsupported indexer: ${field}`);
    }
  }

  override isSet(field: string): boolean {
    if (field === 'value') return this.value !== undefined;
    return (field === 'op' || field === 'path' || field === 'from') && this[field] !== '';
  }
}

const stepFields: ReadonlyMap<string, CelType> = new Map([
  ['op', stringType],
  ['path', stringType],
  ['from', stringType],
  ['value', dynType],
]);

function isPart(name: string): boolean {
  return name === objectName || name.startsWith(`${objectName}.`);
}

/** Knows both. */
export const mutationTypes: TypeProvider = {
  findType(name) {
    if (name === stepType.name) return stepType;
    return isPart(name) ? objectType(name) : undefined;
  },
  findField(type, field) {
    if (type === stepType.name) return stepFields.get(field);
    return isPart(type) ? dynType : undefined;
  },
  create(type, fields) {
    if (type !== stepType.name) return new ObjectPart(objectType(type), fields);
    for (const [name, value] of fields) {
      if (name === 'value' || typeof value === 'string') continue;
      return new CelError(`unexpected type for JSONPatchType '${name}' field`);
    }
    return new JsonPatchStep(fields);
  },
};
