/**
 * Defaulting: what the real server fills in when it reads an object. The rules are data
 * (`defaults.json`), compiled once per kind to a walk that visits only what has rules.
 */
import { readFileSync } from 'node:fs';
import { normalizeInPlace } from '../codec/decode.ts';
import { deepCopy } from '../meta/copy.ts';
import { wasSent } from '../meta/emptied.ts';
import { deepEqual } from '../meta/equality.ts';
import { conversions } from './conversions.ts';
import {
  isNonEmpty,
  isUnset,
  type JsonObject,
  type Path,
  pathFrom,
  read,
  remove,
  structIn,
  write,
} from './default-paths.ts';
import { type Clock, procedures, roundUpQuantities } from './default-procedures.ts';
import { type Field, kindType, type StructType, typeIds } from './schema.ts';

type Condition = [path: string, op: '=' | 'in' | 'unset' | 'set' | 'nonempty', value?: unknown];

interface RawRule {
  readonly f?: string;
  readonly v?: unknown;
  readonly copy?: string;
  readonly replace?: string;
  readonly unset?: string;
  readonly each?: string;
  readonly rules?: readonly RawRule[];
  readonly do?: string;
  readonly args?: readonly string[];
  readonly when?: readonly Condition[];
  readonly ifEmpty?: 1;
  readonly unsetAlso?: readonly unknown[];
  readonly gate?: string;
}

interface Data {
  readonly kinds: readonly string[];
  readonly rules: Readonly<Record<string, readonly RawRule[]>>;
  readonly resourceLists: readonly string[];
}

/** Changes an object where it must; true when it did. */
type Step = (object: JsonObject, clock: Clock) => boolean;

let loaded: Data | undefined;

function data(): Data {
  loaded ??= JSON.parse(readFileSync(new URL('defaults.json', import.meta.url), 'utf8')) as Data;
  return loaded;
}

const compiled = new Map<string, Step | undefined>();

/**
 * Fills in defaults, and does what reading through the server's internal version does (aliases
 * of fields, `stringData` of secrets), in place. The object must be in normal form and is again
 * afterwards. Kinds without defaults stay as they are. `clock` gives milliseconds since 1970.
 */
export function applyDefaults(
  apiVersion: string,
  kind: string,
  object: object,
  clock: Clock = Date.now,
): void {
  const key = `${apiVersion}/${kind}`;
  let step = compiled.get(key);
  if (step === undefined && !compiled.has(key)) {
    step = compileKind(apiVersion, kind, key);
    compiled.set(key, step);
  }
  if (step?.(object as JsonObject, clock) !== true) return;
  const type = kindType(apiVersion, kind);
  // Lists that were sent empty still are.
  if (type !== undefined) normalizeInPlace(object, type, true);
}

function compileKind(apiVersion: string, kind: string, key: string): Step | undefined {
  const type = kindType(apiVersion, kind);
  if (type === undefined) return undefined;
  const rules = data().kinds.includes(key) ? data().rules : {};
  return new Compiler(rules, new Set(data().resourceLists)).type(type);
}

class Compiler {
  private readonly rules: Data['rules'];
  private readonly resourceLists: ReadonlySet<string>;
  private readonly done = new Map<StructType, Step | undefined>();

  constructor(rules: Data['rules'], resourceLists: ReadonlySet<string>) {
    this.rules = rules;
    this.resourceLists = resourceLists;
  }

  /** Rules of the type, then those of its members, then rounding; undefined when there are none. */
  type(type: StructType): Step | undefined {
    if (this.done.has(type)) return this.done.get(type);
    // Types in circles have no rules: what is asked for while it is compiled gets none.
    this.done.set(type, undefined);
    const steps: Step[] = [];
    for (const owner of [type, ...inlined(type)]) {
      for (const rule of this.rules[owner.id] ?? []) steps.push(...compileRule(rule, type));
      const convert = conversions[owner.id];
      if (convert !== undefined) steps.push(convert);
    }
    for (const field of type.fields) {
      const step = this.member(field);
      if (step !== undefined) steps.push(step);
    }
    for (const { name } of type.fields) {
      if (!this.resourceLists.has(`${type.id}.${name}`)) continue;
      steps.push((object) => roundUpQuantities(object[name] as JsonObject | null | undefined));
    }
    const step = steps.length === 0 ? undefined : inOrder(steps);
    this.done.set(type, step);
    return step;
  }

  private member(field: Field): Step | undefined {
    const inner = structIn(field);
    const step = inner === undefined ? undefined : this.type(inner);
    if (step === undefined) return undefined;
    const { name } = field;
    switch (field.type.kind) {
      case 'struct':
        return (object, clock) => {
          const member = object[name] as JsonObject | null | undefined;
          return member !== undefined && member !== null && step(member, clock);
        };
      case 'list':
        return (object, clock) => eachOf(object[name] as JsonObject[] | null, step, clock);
      default:
        return (object, clock) =>
          eachOf(Object.values((object[name] ?? {}) as Record<string, JsonObject>), step, clock);
    }
  }
}

function eachOf(list: readonly JsonObject[] | null | undefined, step: Step, clock: Clock): boolean {
  let changed = false;
  for (const item of list ?? []) if (step(item, clock)) changed = true;
  return changed;
}

function inOrder(steps: readonly Step[]): Step {
  return (object, clock) => {
    let changed = false;
    for (const step of steps) if (step(object, clock)) changed = true;
    return changed;
  };
}

/** Structs whose fields stand directly in this one: their rules apply to the same object. */
function inlined(type: StructType): StructType[] {
  return type.protoFields.flatMap((f) =>
    f.inline && f.type.kind === 'struct' ? [f.type.type, ...inlined(f.type.type)] : [],
  );
}

function compileRule(rule: RawRule, type: StructType): Step[] {
  // None of the gates that rules name is on by default, and there is no flag for them.
  if (rule.gate !== undefined) return [];
  const step = action(rule, type);
  if (rule.when === undefined) return [step];
  const tests = rule.when.map((c) => condition(c, type));
  return [(object, clock) => tests.every((test) => test(object)) && step(object, clock)];
}

function condition([text, op, value]: Condition, type: StructType): (o: JsonObject) => boolean {
  const path = pathFrom(type, text);
  switch (op) {
    case '=':
      return (o) => read(o, path) === value;
    case 'in':
      return (o) => (value as unknown[]).includes(read(o, path));
    case 'unset':
      return (o) => isUnset(read(o, path), path.last);
    case 'set':
      return (o) => !isUnset(read(o, path), path.last);
    case 'nonempty':
      return (o) => isNonEmpty(read(o, path));
  }
}

function action(rule: RawRule, type: StructType): Step {
  if (rule.do !== undefined) {
    const procedure = procedures[rule.do];
    if (procedure === undefined) throw new Error(`no defaulting procedure ${rule.do}`);
    const args = rule.args ?? [];
    return (object, clock) => procedure(object, args, clock);
  }
  if (rule.unset !== undefined) {
    const path = pathFrom(type, rule.unset);
    return (object) => remove(object, path);
  }
  if (rule.each !== undefined) return compileEach(rule, type);
  if (rule.replace !== undefined) {
    const path = pathFrom(type, rule.replace);
    return (object) => {
      if (deepEqual(read(object, path), rule.v)) return false;
      return write(object, path, deepCopy(rule.v));
    };
  }
  return setter(rule, type);
}

function compileEach(rule: RawRule, type: StructType): Step {
  const names = rule.each!.split('[].');
  const path = pathFrom(type, names.join('.'));
  const element = structIn(path.last)!;
  const step = inOrder((rule.rules ?? []).flatMap((r) => compileRule(r, element)));
  const paths = names.reduce<{ at: StructType; list: ReturnType<typeof pathFrom>[] }>(
    ({ at, list }, name) => {
      const next = pathFrom(at, name);
      return { at: structIn(next.last)!, list: [...list, next] };
    },
    { at: type, list: [] },
  ).list;
  return (object, clock) => {
    const lists = paths.reduce<JsonObject[]>(
      (objects, p) => objects.flatMap((o) => (read(o, p) ?? []) as JsonObject[]),
      [object],
    );
    return eachOf(lists, step, clock);
  };
}

function setter(rule: RawRule, type: StructType): Step {
  const path = pathFrom(type, rule.f!);
  const { last } = path;
  const source = rule.copy === undefined ? undefined : pathFrom(type, rule.copy);
  const isScalar = typeof rule.v !== 'object';
  const isList = last.type.kind === 'list' || last.type.kind === 'map';
  if (!isScalar && !last.pointer && last.omitEmpty && !isNonEmpty(rule.v)) {
    // An empty map or list that JSON leaves out anyway.
    return () => false;
  }
  return (object) => {
    const before = read(object, path);
    const empty = rule.ifEmpty === 1 && !isNonEmpty(before);
    if (!empty && !isUnset(before, last) && !rule.unsetAlso?.includes(before)) return false;
    // An empty list that was sent is set, though it is written as if it were not.
    if (isList && !empty && before === undefined && wasSentEmpty(object, path)) return false;
    const value = source === undefined ? rule.v : read(object, source);
    if (value === undefined) return false;
    return write(object, path, typeof value === 'object' ? deepCopy(value) : value);
  };
}

function wasSentEmpty(object: JsonObject, { fields, last }: Path): boolean {
  const owner = read(object, { fields: fields.slice(0, -1), last });
  return (
    typeof owner === 'object' && owner !== null && wasSent(owner, last.name as keyof typeof owner)
  );
}

/** Ids that rules name but the table does not have; empty unless the data is out of step. */
export function unknownRuleTypes(): string[] {
  const known = new Set(typeIds());
  return Object.keys(data().rules).filter((id) => !known.has(id));
}
