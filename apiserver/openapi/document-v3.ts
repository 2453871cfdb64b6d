/** The OpenAPI v3 document of one group version. */
import { type StructType, structType } from '../../machinery/schema/schema.ts';
import { type CustomSchemas, customRef } from './custom-kinds.ts';
import { kindsIn, structOf } from './kinds.ts';
import {
  groupOperationId,
  groupTag,
  type Method,
  type OpenApiResource,
  type Operation,
  operationsOf,
  type Payload,
  rootOf,
} from './operations.ts';
import { type ParameterContext, parameterType } from './parameters.ts';
import { type RootPath, rootItem } from './root-paths.ts';
import { type Json, patchName, Schemas, type TypeTexts } from './schemas.ts';

/** Texts that come from outside. */
export interface Texts {
  type(typeId: string): TypeTexts;
  parameter(name: string, of: ParameterContext): string;
}

/** A group version, '' for the core group, with what it serves. */
export interface ServedGroupVersion {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly OpenApiResource[];
  /** Schemas of kinds that are not in the type table. */
  readonly customs?: CustomSchemas;
}

/** What answers and bodies are written in. */
const encodings = ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml'];
const streams = [
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
];
const patches = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/** What the server says of itself: the version that it acts as. */
export const info = { title: 'Kubernetes', version: '1.36' } as const;

/** How clients authenticate, as both dialects say it. */
export const bearerToken = {
  type: 'apiKey',
  description: 'Bearer Token authentication',
  name: 'authorization',
  in: 'header',
} as const;

/** Builds the document; it is large: encode and drop it. */
export function buildOpenApiV3(
  { group, version, resources, customs = new Map() }: ServedGroupVersion,
  texts: Texts,
): Json {
  const schemas = new Schemas('v3', texts.type, kindsIn(group, version));
  const builder = new PathBuilder(schemas, texts, customs, groupTag(group, version));
  const paths = builder.paths(operationsOf(group, version, resources));
  const root = rootOf(group, version);
  return {
    openapi: '3.0.0',
    info,
    paths: { [`${root}/`]: builder.resourceList(groupOperationId(group, version)), ...paths },
    components: {
      schemas: schemas.definitions(),
      securitySchemes: { BearerToken: bearerToken },
    },
  };
}

/** Builds the document of a path that is no resource. */
export function buildRootDocument(root: RootPath, texts: Texts): Json {
  const schemas = new Schemas('v3', texts.type, kindsIn('', 'v1'));
  const item = rootItem('v3', root, schemas, texts.type);
  const definitions = schemas.definitions();
  return {
    openapi: '3.0.0',
    info,
    paths: { [`/${root.name}/`]: item },
    components: {
      ...(Object.keys(definitions).length === 0 ? {} : { schemas: definitions }),
      securitySchemes: { BearerToken: bearerToken },
    },
  };
}

class PathBuilder {
  private readonly schemas: Schemas;
  private readonly texts: Texts;
  private readonly customs: CustomSchemas;
  private readonly tag: string;

  constructor(schemas: Schemas, texts: Texts, customs: CustomSchemas, tag: string) {
    this.schemas = schemas;
    this.texts = texts;
    this.customs = customs;
    this.tag = tag;
  }

  paths(operations: readonly Operation[]): Json {
    const out: Json = {};
    for (const [path, list] of Map.groupBy(operations, (o) => o.path))
      out[path] = this.item(path, list);
    return out;
  }

  /** GET of the group version itself. */
  resourceList(operationId: string): Json {
    return {
      get: {
        tags: [this.tag],
        description: 'get available resources',
        operationId,
        responses: this.responses([[200, structType('meta/v1.APIResourceList')]], encodings),
      },
    };
  }

  /** Parameters that all methods share stand at the path. */
  private item(path: string, operations: readonly Operation[]): Json {
    const [first, ...rest] = operations;
    const shared = first!.query.filter((n) => rest.every((o) => o.query.includes(n)));
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) =>
      this.parameter(name!, 'path', first!),
    );
    const parameters = [...inPath, ...shared.map((n) => this.parameter(n, 'query', first!))];
    parameters.sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1));
    const methods: Partial<Record<Method, Json>> = {};
    for (const o of operations) methods[o.method] = this.operation(o, shared);
    return { ...methods, ...(parameters.length > 0 ? { parameters } : {}) };
  }

  private parameter(name: string, where: 'path' | 'query', of: ParameterContext): Json {
    const description =
      where === 'path' && name === 'path' ? 'path to the resource' : this.texts.parameter(name, of);
    return {
      name,
      in: where,
      ...(description === '' ? {} : { description }),
      ...(where === 'path' ? { required: true } : {}),
      schema: { type: where === 'path' ? 'string' : parameterType(name), uniqueItems: true },
    };
  }

  private operation(o: Operation, shared: readonly string[]): Json {
    const own = o.query
      .filter((n) => !shared.includes(n))
      .map((n) => this.parameter(n, 'query', o));
    const types = o.connects ? ['*/*'] : o.streams ? [...encodings, ...streams].sort() : encodings;
    return {
      tags: [this.tag],
      description: o.description,
      operationId: o.operationId,
      ...(own.length > 0 ? { parameters: own } : {}),
      ...(o.body === undefined ? {} : { requestBody: this.body(o) }),
      responses: this.responses(
        o.answers.map(([code, payload]) => [code, payload] as const),
        o.answers[0]?.[1] === 'text' && !o.connects ? ['text/plain', ...encodings] : types,
      ),
      'x-kubernetes-action': o.action,
      'x-kubernetes-group-version-kind': o.kind,
    };
  }

  private body({ body, bodyRequired }: Operation): Json {
    const types = body === 'Patch' ? patches : ['*/*'];
    return {
      content: this.content(body!, types),
      ...(bodyRequired === true ? { required: true } : {}),
    };
  }

  private responses(
    answers: readonly (readonly [number, Payload | StructType])[],
    types: readonly string[],
  ): Json {
    const out: Json = {};
    for (const [code, payload] of answers) {
      out[code] = { description: reasons[code], content: this.content(payload, types) };
    }
    out[401] = { description: 'Unauthorized' };
    return out;
  }

  private content(payload: Payload | StructType, types: readonly string[]): Json {
    const schema = this.schema(payload);
    return Object.fromEntries(types.map((t) => [t, { schema }]));
  }

  private schema(payload: Payload | StructType): Json {
    if (payload === 'text') return { type: 'string' };
    if (payload === 'Patch') return this.schemas.specialRef(patchName);
    if (typeof payload === 'object' && 'kind' in payload) {
      const custom = customRef(this.schemas, 'v3', this.customs, payload);
      if (custom !== undefined) return custom;
    }
    return this.schemas.ref(structOf(payload));
  }
}

const reasons: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };
