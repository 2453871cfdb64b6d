/** Messages of gnostic's openapi.v3, as far as the server's documents use them. */
import type { Messages } from './gnostic.ts';

const isReference = (value: unknown) => '$ref' in (value as object);

function orReference(name: string) {
  return {
    choose: (value: unknown) =>
      isReference(value) ? ([2, 'Reference'] as const) : ([1, name] as const),
  };
}

/** Field numbers of openapi.v3; rows rise in number. */
export const messagesV3: Messages = {
  Document: {
    fields: [
      ['openapi', 1, 's'],
      ['info', 2, 'Info'],
      ['paths', 4, 'Paths'],
      ['components', 5, 'Components'],
      ['security', 6, 'SecurityRequirement*'],
    ],
    extensions: 9,
  },
  Info: {
    fields: [
      ['title', 1, 's'],
      ['description', 2, 's'],
      ['version', 6, 's'],
    ],
  },
  Paths: { fields: [], entries: [1, 'PathItem'], extensions: 2 },
  PathItem: {
    fields: [
      ['get', 4, 'Operation'],
      ['put', 5, 'Operation'],
      ['post', 6, 'Operation'],
      ['delete', 7, 'Operation'],
      ['options', 8, 'Operation'],
      ['head', 9, 'Operation'],
      ['patch', 10, 'Operation'],
      ['parameters', 13, 'ParameterOrReference*'],
    ],
    extensions: 14,
  },
  Operation: {
    fields: [
      ['tags', 1, 's*'],
      ['description', 3, 's'],
      ['operationId', 5, 's'],
      ['parameters', 6, 'ParameterOrReference*'],
      ['requestBody', 7, 'RequestBodyOrReference'],
      ['responses', 8, 'Responses'],
    ],
    extensions: 13,
  },
  ParameterOrReference: orReference('Parameter'),
  Parameter: {
    fields: [
      ['name', 1, 's'],
      ['in', 2, 's'],
      ['description', 3, 's'],
      ['required', 4, 'b'],
      ['schema', 10, 'SchemaOrReference'],
    ],
    extensions: 14,
  },
  RequestBodyOrReference: orReference('RequestBody'),
  RequestBody: {
    fields: [
      ['description', 1, 's'],
      ['content', 2, 'MediaType{}'],
      ['required', 3, 'b'],
    ],
    extensions: 4,
  },
  MediaType: { fields: [['schema', 1, 'SchemaOrReference']], extensions: 5 },
  Responses: {
    fields: [['default', 1, 'ResponseOrReference']],
    entries: [2, 'ResponseOrReference'],
    extensions: 3,
  },
  ResponseOrReference: orReference('Response'),
  Response: {
    fields: [
      ['description', 1, 's'],
      ['content', 3, 'MediaType{}'],
    ],
    extensions: 5,
  },
  Components: {
    fields: [
      ['schemas', 1, 'SchemaOrReference{}'],
      ['securitySchemes', 7, 'SecuritySchemeOrReference{}'],
    ],
    extensions: 10,
  },
  SecuritySchemeOrReference: orReference('SecurityScheme'),
  SecurityScheme: {
    fields: [
      ['type', 1, 's'],
      ['description', 2, 's'],
      ['name', 3, 's'],
      ['in', 4, 's'],
    ],
    extensions: 9,
  },
  SecurityRequirement: { fields: [], entries: [1, 'StringArray'] },
  StringArray: { choose: () => [1, 's*'] },
  Reference: {
    fields: [
      ['$ref', 1, 's'],
      ['description', 3, 's'],
    ],
  },
  SchemaOrReference: orReference('Schema'),
  Schema: {
    fields: [
      ['nullable', 1, 'b'],
      ['title', 9, 's'],
      ['multipleOf', 10, 'd'],
      ['maximum', 11, 'd'],
      ['exclusiveMaximum', 12, 'b'],
      ['minimum', 13, 'd'],
      ['exclusiveMinimum', 14, 'b'],
      ['maxLength', 15, 'i'],
      ['minLength', 16, 'i'],
      ['pattern', 17, 's'],
      ['maxItems', 18, 'i'],
      ['minItems', 19, 'i'],
      ['uniqueItems', 20, 'b'],
      ['maxProperties', 21, 'i'],
      ['minProperties', 22, 'i'],
      ['required', 23, 's*'],
      ['enum', 24, 'any*'],
      ['type', 25, 's'],
      ['allOf', 26, 'SchemaOrReference*'],
      ['oneOf', 27, 'SchemaOrReference*'],
      ['anyOf', 28, 'SchemaOrReference*'],
      ['not', 29, 'Schema'],
      ['items', 30, 'ItemsItem'],
      ['properties', 31, 'SchemaOrReference{}'],
      ['additionalProperties', 32, 'AdditionalPropertiesItem'],
      ['default', 33, 'DefaultType'],
      ['description', 34, 's'],
      ['format', 35, 's'],
    ],
    extensions: 36,
  },
  ItemsItem: { choose: () => [1, 'SchemaOrReference*'] },
  AdditionalPropertiesItem: {
    choose: (v) => (typeof v === 'boolean' ? [2, 'b'] : [1, 'SchemaOrReference']),
  },
  // The format has no place for objects and lists.
  DefaultType: {
    choose: (v) => {
      if (typeof v === 'number') return [1, 'd'];
      if (typeof v === 'boolean') return [2, 'b'];
      return typeof v === 'string' ? [3, 's'] : undefined;
    },
  },
};
