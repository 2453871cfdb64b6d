/** Messages of gnostic's openapi.v2, as far as the server's documents use them. */
import type { Messages } from './gnostic.ts';

/** Field numbers of openapi.v2; rows rise in number. */
export const messagesV2: Messages = {
  Document: {
    fields: [
      ['swagger', 1, 's'],
      ['info', 2, 'Info'],
      ['paths', 8, 'Paths'],
      ['definitions', 9, 'Schema{}'],
      ['parameters', 10, 'Parameter{}'],
      ['security', 12, 'SecurityRequirement*'],
      ['securityDefinitions', 13, 'SecurityDefinitionsItem{}'],
    ],
    extensions: 16,
  },
  Info: {
    fields: [
      ['title', 1, 's'],
      ['version', 2, 's'],
      ['description', 3, 's'],
    ],
  },
  Paths: { fields: [], entries: [2, 'PathItem'] },
  PathItem: {
    fields: [
      ['get', 2, 'Operation'],
      ['put', 3, 'Operation'],
      ['post', 4, 'Operation'],
      ['delete', 5, 'Operation'],
      ['options', 6, 'Operation'],
      ['head', 7, 'Operation'],
      ['patch', 8, 'Operation'],
      ['parameters', 9, 'ParametersItem*'],
    ],
    extensions: 10,
  },
  Operation: {
    fields: [
      ['tags', 1, 's*'],
      ['description', 3, 's'],
      ['operationId', 5, 's'],
      ['produces', 6, 's*'],
      ['consumes', 7, 's*'],
      ['parameters', 8, 'ParametersItem*'],
      ['responses', 9, 'Responses'],
      ['schemes', 10, 's*'],
    ],
    extensions: 13,
  },
  ParametersItem: {
    choose: (v) => ('$ref' in (v as object) ? [2, 'JsonReference'] : [1, 'Parameter']),
  },
  JsonReference: {
    fields: [
      ['$ref', 1, 's'],
      ['description', 2, 's'],
    ],
  },
  Parameter: {
    choose: (v) =>
      (v as { in: string }).in === 'body' ? [1, 'BodyParameter'] : [2, 'NonBodyParameter'],
  },
  BodyParameter: {
    fields: [
      ['description', 1, 's'],
      ['name', 2, 's'],
      ['in', 3, 's'],
      ['required', 4, 'b'],
      ['schema', 5, 'Schema'],
    ],
    extensions: 6,
  },
  NonBodyParameter: {
    choose: (v) =>
      (v as { in: string }).in === 'path' ? [4, 'PathParameter'] : [3, 'QueryParameter'],
  },
  QueryParameter: {
    fields: [
      ['required', 1, 'b'],
      ['in', 2, 's'],
      ['description', 3, 's'],
      ['name', 4, 's'],
      ['type', 6, 's'],
      ['format', 7, 's'],
      ['uniqueItems', 20, 'b'],
    ],
    extensions: 23,
  },
  PathParameter: {
    fields: [
      ['required', 1, 'b'],
      ['in', 2, 's'],
      ['description', 3, 's'],
      ['name', 4, 's'],
      ['type', 5, 's'],
      ['format', 6, 's'],
      ['uniqueItems', 19, 'b'],
    ],
    extensions: 22,
  },
  Responses: { fields: [], entries: [1, 'ResponseValue'], extensions: 2 },
  ResponseValue: {
    choose: (v) => ('$ref' in (v as object) ? [2, 'JsonReference'] : [1, 'Response']),
  },
  Response: {
    fields: [
      ['description', 1, 's'],
      ['schema', 2, 'SchemaItem'],
    ],
    extensions: 5,
  },
  SchemaItem: { choose: () => [1, 'Schema'] },
  Schema: {
    fields: [
      ['$ref', 1, 's'],
      ['format', 2, 's'],
      ['title', 3, 's'],
      ['description', 4, 's'],
      ['default', 5, 'any'],
      ['multipleOf', 6, 'd'],
      ['maximum', 7, 'd'],
      ['exclusiveMaximum', 8, 'b'],
      ['minimum', 9, 'd'],
      ['exclusiveMinimum', 10, 'b'],
      ['maxLength', 11, 'i'],
      ['minLength', 12, 'i'],
      ['pattern', 13, 's'],
      ['maxItems', 14, 'i'],
      ['minItems', 15, 'i'],
      ['uniqueItems', 16, 'b'],
      ['maxProperties', 17, 'i'],
      ['minProperties', 18, 'i'],
      ['required', 19, 's*'],
      ['enum', 20, 'any*'],
      ['additionalProperties', 21, 'AdditionalPropertiesItem'],
      ['type', 22, 'TypeItem'],
      ['items', 23, 'ItemsItem'],
      ['allOf', 24, 'Schema*'],
      ['properties', 25, 'Schema{}'],
    ],
    extensions: 31,
  },
  TypeItem: { choose: () => [1, 's*'] },
  ItemsItem: { choose: () => [1, 'Schema*'] },
  AdditionalPropertiesItem: { choose: (v) => (typeof v === 'boolean' ? [2, 'b'] : [1, 'Schema']) },
  SecurityRequirement: { fields: [], entries: [1, 'StringArray'] },
  StringArray: { choose: () => [1, 's*'] },
  SecurityDefinitionsItem: { choose: () => [2, 'ApiKeySecurity'] },
  ApiKeySecurity: {
    fields: [
      ['type', 1, 's'],
      ['name', 2, 's'],
      ['in', 3, 's'],
      ['description', 4, 's'],
    ],
  },
};
