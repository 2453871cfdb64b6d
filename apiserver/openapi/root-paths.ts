/**
 * The paths that are no resources and still are part of the API: what there is of it, the version,
 * the keys of service account tokens. Each has a document of its own in OpenAPI v3.
 */
import { structType } from '../../machinery/schema/schema.ts';
import { groupTag, groupTitle } from './operations.ts';
import type { Dialect, Json, Schemas, TypeTexts } from './schemas.ts';

export interface RootPath {
  /** `apis/apps`, of the path `/apis/apps/`. */
  readonly name: string;
  readonly tag: string;
  readonly operationId: string;
  readonly description: string;
  /** A type of meta/v1, the version, or a text. */
  readonly answer: string;
  /** What answers are written in; undefined: the encodings of objects. */
  readonly mediaType?: string;
}

const json = 'application/json';
const encodings: Readonly<Record<Dialect, readonly string[]>> = {
  v2: [json, 'application/yaml', 'application/vnd.kubernetes.protobuf'],
  v3: [json, 'application/vnd.kubernetes.protobuf', 'application/yaml'],
};
const info = 'version';
const text = 'text';

const fixed: readonly RootPath[] = [
  {
    name: '.well-known/openid-configuration',
    tag: 'WellKnown',
    operationId: 'getServiceAccountIssuerOpenIDConfiguration',
    description:
      "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
    answer: text,
    mediaType: json,
  },
  {
    name: 'api',
    tag: 'core',
    operationId: 'getCoreAPIVersions',
    description: 'get available API versions',
    answer: 'APIVersions',
  },
  {
    name: 'apis',
    tag: 'apis',
    operationId: 'getAPIVersions',
    description: 'get available API versions',
    answer: 'APIGroupList',
  },
  {
    name: 'openid/v1/jwks',
    tag: 'openid',
    operationId: 'getServiceAccountIssuerOpenIDKeyset',
    description:
      'get service account issuer OpenID JSON Web Key Set (contains public token verification keys)',
    answer: text,
    mediaType: 'application/jwk-set+json',
  },
  {
    name: 'version',
    tag: 'version',
    operationId: 'getCodeVersion',
    description: 'get the version information for this server',
    answer: info,
    mediaType: json,
  },
];

/** All of a server with these groups; '' may be among them, and each may come several times. */
export function rootPaths(groups: readonly string[]): RootPath[] {
  const named = [...new Set(groups)].filter((group) => group !== '');
  return [
    ...fixed,
    ...named.map((group) => ({
      name: `apis/${group}`,
      tag: groupTag(group),
      operationId: `get${groupTitle(group)}APIGroup`,
      description: 'get information of a group',
      answer: 'APIGroup',
    })),
  ];
}

/** The member of a document's paths. */
export function rootItem(
  dialect: Dialect,
  { tag, operationId, description, answer, mediaType }: RootPath,
  schemas: Schemas,
  textsOf: (typeId: string) => TypeTexts,
): Json {
  const types = mediaType === undefined ? encodings[dialect] : [mediaType];
  const schema = schemaOf(dialect, answer, schemas, textsOf);
  const refusal = { description: 'Unauthorized' };
  if (dialect === 'v3') {
    const content = Object.fromEntries(types.map((type) => [type, { schema }]));
    const responses = { 200: { description: 'OK', content }, 401: refusal };
    return { get: { tags: [tag], description, operationId, responses } };
  }
  return {
    get: {
      ...(answer === text ? {} : { consumes: types }),
      description,
      operationId,
      produces: types,
      responses: { 200: { description: 'OK', schema }, 401: refusal },
      schemes: ['https'],
      tags: [tag],
    },
  };
}

function schemaOf(
  dialect: Dialect,
  answer: string,
  schemas: Schemas,
  textsOf: (typeId: string) => TypeTexts,
): Json {
  if (answer === text) return { type: 'string' };
  if (answer !== info) return schemas.ref(structType(`meta/v1.${answer}`));
  return schemas.namedRef(infoName, () => versionInfo(dialect, textsOf(infoName)));
}

const infoName = 'io.k8s.apimachinery.pkg.version.Info';
/** Fields that are always there, in the order of the type. */
const infoFields = [
  'major',
  'minor',
  'gitVersion',
  'gitCommit',
  'gitTreeState',
  'buildDate',
  'goVersion',
  'compiler',
  'platform',
];
const furtherInfo = [
  'emulationMajor',
  'emulationMinor',
  'minCompatibilityMajor',
  'minCompatibilityMinor',
];

function versionInfo(dialect: Dialect, { description, fields }: TypeTexts): Json {
  const properties = [...infoFields, ...furtherInfo].sort().map((name): [string, Json] => {
    const said = fields.get(name) ?? '';
    return [
      name,
      {
        ...(said === '' ? {} : { description: said }),
        type: 'string',
        ...(dialect === 'v3' && infoFields.includes(name) ? { default: '' } : {}),
      },
    ];
  });
  return {
    ...(description === '' ? {} : { description }),
    type: 'object',
    required: infoFields,
    properties: Object.fromEntries(properties),
  };
}
