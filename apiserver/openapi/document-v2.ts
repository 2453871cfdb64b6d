/** The OpenAPI v2 document of all group versions, in parts: it is too large to hold as one object. */
import type { StructType } from '../../machinery/schema/schema.ts';
import { structType } from '../../machinery/schema/schema.ts';
import { contentHash } from './content-hash.ts';
import { type CustomSchemas, customRef } from './custom-kinds.ts';
import { bearerToken, info, type ServedGroupVersion, type Texts } from './document-v3.ts';
import { kindsInAll, structOf } from './kinds.ts';
import {
  groupOperationId,
  groupTag,
  type Method,
  type Operation,
  operationsOf,
  type Payload,
  rootOf,
} from './operations.ts';
import { type ParameterContext, parameterType } from './parameters.ts';
import { rootItem, rootPaths } from './root-paths.ts';
import { type Json, patchName, Schemas } from './schemas.ts';

/** A member of one of the document's big maps. */
export type Part = readonly [
  section: 'paths' | 'parameters' | 'definitions',
  name: string,
  value: Json,
];

const encodings = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const streams = [
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
];
const patches = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];
const reasons: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

/** What stands beside the big maps. */
export const documentV2Head = {
  swagger: '2.0',
  info,
  securityDefinitions: { BearerToken: bearerToken },
  security: [{ BearerToken: [] }],
} as const;

/** All members of the big maps, one at a time: paths, then parameters, then definitions. */
export function* openApiV2Parts(
  versions: readonly ServedGroupVersion[],
  texts: Texts,
): Generator<Part> {
  const schemas = new Schemas('v2', texts.type, kindsInAll(versions));
  const builder = new PathBuilder(schemas, texts);
  for (const { group, version, resources, customs } of versions) {
    builder.customs = customs ?? new Map();
    const tag = groupTag(group, version);
    const list = builder.resourceList(tag, groupOperationId(group, version));
    yield ['paths', `${rootOf(group, version)}/`, list];
    const operations = operationsOf(group, version, resources);
    for (const [path, ofPath] of Map.groupBy(operations, (o) => o.path)) {
      yield ['paths', path, builder.item(path, ofPath, tag)];
    }
  }
  for (const root of rootPaths(versions.map((v) => v.group))) {
    yield ['paths', `/${root.name}/`, rootItem('v2', root, schemas, texts.type)];
  }
  for (const [name, value] of builder.parameters) yield ['parameters', name, value];
  for (const [name, value] of Object.entries(schemas.definitions())) {
    yield ['definitions', name, value as Json];
  }
}

/** The whole document as one object, for tests and tools. */
export function buildOpenApiV2(versions: readonly ServedGroupVersion[], texts: Texts): Json {
  const out: Record<Part[0], Json> = { paths: {}, parameters: {}, definitions: {} };
  for (const [section, name, value] of openApiV2Parts(versions, texts)) out[section][name] = value;
  return { ...documentV2Head, ...out };
}

/** Of a parameter, or of a reference to one: `#/parameters/pretty-tJGM1-ng`. */
function nameOf(parameter: Json): string {
  const reference = parameter['$ref'];
  if (typeof reference !== 'string') return String(parameter['name']);
  return reference.slice('#/parameters/'.length).split('-')[0]!;
}

/** Parameters that old clients look for at the operation, or whose text names the kind. */
const unshared: ReadonlySet<string> = new Set(['name', 'fieldValidation', 'dryRun']);

class PathBuilder {
  readonly parameters = new Map<string, Json>();
  private readonly keys = new Map<string, string>();
  /** Of the group version that is being written. */
  customs: CustomSchemas = new Map();
  private readonly schemas: Schemas;
  private readonly texts: Texts;

  constructor(schemas: Schemas, texts: Texts) {
    this.schemas = schemas;
    this.texts = texts;
  }

  /** GET of a group version itself. */
  resourceList(tag: string, operationId: string): Json {
    return {
      get: {
        consumes: encodings,
        description: 'get available resources',
        operationId,
        produces: encodings,
        responses: this.responses([[200, structType('meta/v1.APIResourceList')]]),
        schemes: ['https'],
        tags: [tag],
      },
    };
  }

  item(path: string, operations: readonly Operation[], tag: string): Json {
    const [first, ...rest] = operations;
    const shared = first!.query.filter((n) => rest.every((o) => o.query.includes(n)));
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, n]) =>
      this.parameter(n!, 'path', first!),
    );
    const inQuery = shared.map((n) => this.parameter(n, 'query', first!));
    // As the real server has them: by name, which references show as well.
    const parameters = [...inPath, ...inQuery].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    const methods: Partial<Record<Method, Json>> = {};
    for (const o of operations) methods[o.method] = this.operation(o, shared, tag);
    return { ...methods, ...(parameters.length > 0 ? { parameters } : {}) };
  }

  private parameter(name: string, where: 'path' | 'query', of: ParameterContext): Json {
    const description =
      where === 'path' && name === 'path' ? 'path to the resource' : this.texts.parameter(name, of);
    const parameter = {
      uniqueItems: true,
      type: where === 'path' ? 'string' : parameterType(name),
      ...(description === '' ? {} : { description }),
      name,
      in: where,
      ...(where === 'path' ? { required: true } : {}),
    };
    return unshared.has(name) ? parameter : this.shared(name, parameter);
  }

  /** A reference: parameters stand once in the document. */
  private shared(name: string, parameter: Json): Json {
    const text = JSON.stringify(parameter);
    let key = this.keys.get(text);
    if (key === undefined) {
      key = `${name}-${contentHash(parameter)}`;
      this.keys.set(text, key);
      this.parameters.set(key, parameter);
    }
    return { $ref: `#/parameters/${key}` };
  }

  private operation(o: Operation, shared: readonly string[], tag: string): Json {
    const own = o.query
      .filter((n) => !shared.includes(n))
      .map((n) => this.parameter(n, 'query', o));
    const parameters = [...(o.body === undefined ? [] : [this.body(o)]), ...own];
    return {
      consumes: o.body === 'Patch' ? patches : ['*/*'],
      description: o.description,
      operationId: o.operationId,
      ...(parameters.length > 0 ? { parameters } : {}),
      produces: produced(o),
      responses: this.responses(o.answers),
      schemes: ['https'],
      tags: [tag],
      'x-kubernetes-action': o.action,
      'x-kubernetes-group-version-kind': o.kind,
    };
  }

  private body({ body, bodyRequired }: Operation): Json {
    const parameter = {
      name: 'body',
      in: 'body',
      ...(bodyRequired === true ? { required: true } : {}),
      schema: this.schema(body!),
    };
    return typeof body === 'string' ? this.shared('body', parameter) : parameter;
  }

  private responses(answers: readonly (readonly [number, Payload | StructType])[]): Json {
    const out: Json = {};
    for (const [code, payload] of answers) {
      out[code] = { description: reasons[code], schema: this.schema(payload) };
    }
    out[401] = { description: 'Unauthorized' };
    return out;
  }

  private schema(payload: Payload | StructType): Json {
    if (payload === 'text') return { type: 'string' };
    if (payload === 'Patch') return this.schemas.specialRef(patchName);
    if (typeof payload === 'object' && 'kind' in payload) {
      const custom = customRef(this.schemas, 'v2', this.customs, payload);
      if (custom !== undefined) return custom;
    }
    return this.schemas.ref(structOf(payload));
  }
}

function produced(o: Operation): readonly string[] {
  if (o.connects) return ['*/*'];
  if (o.streams) return [...encodings, ...streams];
  return o.answers[0]?.[1] === 'text' ? ['text/plain', ...encodings] : encodings;
}
