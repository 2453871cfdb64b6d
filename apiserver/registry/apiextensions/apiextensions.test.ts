import type { Loose } from '../core/test-registry.ts';
import { describeCreates, describeUpdates } from '../test-refusals.ts';

const v1 = 'apiextensions.k8s.io/v1';
const version = (fields: object = {}): object => ({
  name: 'v1',
  served: true,
  storage: true,
  schema: { openAPIV3Schema: { type: 'object' } },
  ...fields,
});
const definition = (spec: object = {}): Loose => ({
  metadata: { name: 'things.e.com' },
  spec: {
    group: 'e.com',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions: [version()],
    ...spec,
  },
});
/** A definition whose objects have a spec like that. */
const withSpec = (spec: object, fields: object = {}): Loose =>
  definition({
    versions: [
      version({ schema: { openAPIV3Schema: { type: 'object', properties: { spec } } }, ...fields }),
    ],
  });
const root = 'spec.validation.openAPIV3Schema';
const at = `${root}.properties[spec]`;

describeCreates(v1, 'customresourcedefinitions', [
  ['are complete', definition(), []],
  [
    'tell types outside of conditions',
    withSpec({ anyOf: [{ type: 'string' }] }),
    [
      `${at}.anyOf[0].type: Forbidden: must be empty to be structural`,
      `${at}.type: Required value: must not be empty for specified object fields`,
    ],
  ],
  [
    'allow what is an integer or a string',
    withSpec({
      'x-kubernetes-int-or-string': true,
      anyOf: [{ type: 'integer' }, { type: 'string' }],
    }),
    [],
  ],
  [
    'do not narrow what they do not have',
    definition({
      versions: [
        version({
          schema: {
            openAPIV3Schema: { type: 'object', allOf: [{ properties: { a: { minimum: 1 } } }] },
          },
        }),
      ],
    }),
    [
      `${root}.properties[a]: Required value: because it is defined in ` +
        `${root}.allOf[0].properties[a]`,
    ],
  ],
  ['have items', withSpec({ type: 'array' }), [`${at}.items: Required value: must be specified`]],
  [
    'have patterns that Go reads',
    withSpec({ type: 'string', pattern: '(?=a)' }),
    [
      `${at}.pattern: Invalid value: "(?=a)": must be a valid regular expression, but ` +
        `isn't: error parsing regexp: invalid or unsupported Perl syntax: \`(?=\``,
    ],
  ],
  [
    'have properties or further properties',
    withSpec({
      type: 'object',
      properties: { a: { type: 'string' } },
      additionalProperties: { type: 'string' },
    }),
    [
      `${at}.additionalProperties: Forbidden: additionalProperties and properties are ` +
        'mutual exclusive',
    ],
  ],
  [
    'have atomic items in sets',
    withSpec({ type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'object' } }),
    [
      `${at}.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of ` +
        'a list with x-kubernetes-list-type=set',
    ],
  ],
  [
    'have keys that items have',
    withSpec({
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k', 'k'],
      items: { type: 'object', properties: { x: { type: 'string' } } },
    }),
    [
      `${at}.x-kubernetes-list-map-keys: Invalid value: ["k","k"]: entries must all be ` +
        'names of item properties',
      `${at}.x-kubernetes-list-map-keys: Invalid value: ["k","k"]: entries must all be ` +
        'names of item properties',
      `${at}.x-kubernetes-list-map-keys: Invalid value: ["k","k"]: must not contain ` +
        'duplicate entries',
    ],
  ],
  [
    'name fields that exist in rules',
    withSpec({
      type: 'object',
      properties: { 'a.b': { type: 'string' } },
      'x-kubernetes-validations': [
        { rule: 'true', fieldPath: ".['a.b']" },
        { rule: 'true', fieldPath: "['a.b']" },
        { rule: ' ', fieldPath: '.x', reason: 'X' },
      ],
    }),
    [
      `${at}.x-kubernetes-validations[0].fieldPath: Invalid value: ".['a.b']": must be a ` +
        'valid path',
      `${at}.x-kubernetes-validations[2].rule: Required value: rule is not specified`,
      `${at}.x-kubernetes-validations[2].reason: Unsupported value: "X": supported ` +
        'values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", ' +
        '"FieldValueRequired"',
      `${at}.x-kubernetes-validations[2].fieldPath: Invalid value: ".x": must be a valid path`,
    ],
  ],
  [
    'restrict the root when status is apart',
    definition({
      versions: [
        version({
          schema: { openAPIV3Schema: { type: 'object', nullable: true } },
          subresources: { status: {} },
        }),
      ],
    }),
    [
      'spec.validation.openAPIV3Schema: Invalid value: {"ID":""…',
      'spec.validation.openAPIV3Schema.nullable: Forbidden: nullable cannot be true at the root',
    ],
  ],
  [
    'select by plain fields',
    withSpec(
      { type: 'object', properties: { a: { type: 'object' } } },
      { selectableFields: [{ jsonPath: '.spec.a' }, { jsonPath: '.x' }, { jsonPath: '.spec[0]' }] },
    ),
    [
      'spec.selectableFields[0].jsonPath: Invalid value: ".spec.a": must point to a ' +
        'field of type string, boolean or integer. Enum string fields and strings with ' +
        'formats are allowed.',
      'spec.selectableFields[1].jsonPath: Invalid value: ".x": is an invalid path: does ' +
        'not refer to a valid field',
      'spec.selectableFields[2].jsonPath: Invalid value: ".spec[0]": is an invalid path: ' +
        'array notation is not allowed',
    ],
  ],
  [
    'warn of versions that are deprecated only',
    definition({ versions: [version({ deprecationWarning: 'w' })] }),
    [
      'spec.versions[0].deprecationWarning: Invalid value: "w": can only be set for ' +
        'deprecated versions',
    ],
  ],
  [
    'convert by webhooks that can be reached',
    definition({
      conversion: {
        strategy: 'Webhook',
        webhook: { clientConfig: { url: 'http://h' }, conversionReviewVersions: ['v2'] },
      },
    }),
    [
      'spec.conversion.webhookClientConfig.url: Invalid value: "http": \'https\' is the ' +
        'only allowed URL scheme; desired format: https://host[/path]',
      'spec.conversion.conversionReviewVersions: Invalid value: ["v2"]: must include at ' +
        'least one of v1, v1beta1',
    ],
  ],
]);

describeUpdates(v1, 'customresourcedefinitions', [
  [
    'keep versions that objects are stored in',
    definition(),
    (d) => (d.spec.versions = [version({ name: 'v2' })]),
    [
      'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was ' +
        'previously…',
    ],
  ],
]);

/** A schema with a default, and what is said against that. */
type BadDefault = readonly [what: string, schema: object, ...expected: string[]];

const badDefaults: readonly BadDefault[] = [
  ['is right', { type: 'object', default: { a: 1 }, properties: { a: { type: 'integer' } } }],
  [
    'is of another type',
    { type: 'integer', default: 'x' },
    'Invalid value: "string":  in body must be of type integer: "string"',
  ],
  [
    'has fields that are not known',
    { type: 'object', default: { a: 1 } },
    'Invalid value: {"a":1}: must not have unknown fields',
  ],
  [
    'is not one of the values',
    { type: 'string', default: 'c', enum: ['a', 'b'] },
    'Unsupported value: "c": supported values: "a", "b"',
  ],
  [
    'is out of bounds',
    { type: 'integer', default: 7, maximum: 5, multipleOf: 2 },
    'Invalid value: 7:  in body should be a multiple of 2',
    'Invalid value: 7:  in body should be less than or equal to 5',
  ],
  [
    'does not match',
    { type: 'string', default: 'abc', pattern: '^x', maxLength: 5 },
    'Invalid value: "abc":  in body should match \'^x\'',
  ],
  [
    'is not of the format',
    { type: 'string', default: '1.2.3', format: 'ipv4' },
    'Invalid value: "1.2.3":  in body must be of type ipv4: "1.2.3"',
  ],
  [
    'meets no alternative',
    { type: 'string', default: 'abc', anyOf: [{ minLength: 5 }, { pattern: '^x' }] },
    'Invalid value: "": "" must validate at least one schema (anyOf)',
    'Invalid value: "abc":  in body should be at least 5 chars long',
  ],
];

describeCreates(v1, 'customresourcedefinitions', [
  ...badDefaults.map(([what, schema, ...expected]) => {
    const texts = expected.map((text) => `${at}.default: ${text}`);
    return [`have a default that ${what}`, withSpec(schema), texts] as const;
  }),
  [
    'have defaults whose parts are told by their paths',
    withSpec({
      type: 'object',
      default: { list: [{}] },
      properties: {
        list: {
          type: 'array',
          items: { type: 'object', required: ['a'], properties: { a: { type: 'string' } } },
        },
      },
    }),
    [`${at}.default.list[0].a: Required value`],
  ],
  [
    'have defaults of metadata that are metadata',
    withSpec({
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      properties: {
        kind: { type: 'string', default: '%' },
        metadata: {
          type: 'object',
          properties: {
            labels: { type: 'object', properties: { a: { type: 'string', default: 'x y' } } },
          },
        },
      },
    }),
    [
      `${at}.properties[kind].default: Invalid value: "%": must result in valid metadata: kind: Invalid value: "%": may have mixed case…`,
      `${at}.properties[metadata].properties[labels].properties[a].default: Invalid value: "x y": must result in valid metadata: metadata.labels: Invalid value: "x y": a valid label…`,
    ],
  ],
]);
