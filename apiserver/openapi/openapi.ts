/**
 * Serves OpenAPI: /openapi/v3 with a document per group version, and /openapi/v2. Documents are
 * made when first asked for and kept compressed; nothing else of them stays in memory.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  type ConditionalRequest,
  type ContentAnswer,
  conditionalAnswer,
} from '../server/conditional-content.ts';
import { documented } from './descriptions.ts';
import { documentV2Head, openApiV2Parts } from './document-v2.ts';
import {
  buildOpenApiV3,
  buildRootDocument,
  info,
  type ServedGroupVersion,
  type Texts,
} from './document-v3.ts';
import { encodeEntry, encodeGnostic, wrapField } from './gnostic.ts';
import { messagesV2 } from './gnostic-v2.ts';
import { messagesV3 } from './gnostic-v3.ts';
import { rootOf } from './operations.ts';
import { ParameterTexts } from './parameters.ts';
import { rootPaths } from './root-paths.ts';
import type { Json } from './schemas.ts';

/** What of a request matters here. */
export interface OpenApiRequest {
  readonly accept: string | undefined;
  readonly acceptEncoding: string | undefined;
  /** Under which conditions it is asked for. */
  readonly conditions: ConditionalRequest;
  /** `?hash=` */
  readonly hash: string;
  readonly nowMs: number;
}

type Form = 'json' | 'protobuf';

interface Kept {
  readonly etag: string;
  readonly modifiedMs: number;
  readonly compressed: Map<Form, Buffer>;
}

/** Media types by the subtype that is asked for. */
function formsOf(dialect: 'v2' | 'v3'): readonly (readonly [subtype: string, Form, string])[] {
  const protobuf = `application/com.github.proto-openapi.spec.${dialect}.v1.0+protobuf`;
  return [
    ['json', 'json', 'application/json'],
    [`com.github.proto-openapi.spec.${dialect}.v1.0+protobuf`, 'protobuf', protobuf],
    [`com.github.proto-openapi.spec.${dialect}@v1.0+protobuf`, 'protobuf', protobuf],
  ];
}

/** Documents of everything that is served now; `served` is asked again at each request. */
export class OpenApi {
  private readonly served: () => readonly ServedGroupVersion[];
  private readonly texts: Texts;
  private readonly documents = new Map<string, Kept>();
  private readonly base: string;

  constructor(served: () => readonly ServedGroupVersion[], texts: Texts = packageTexts()) {
    this.served = served;
    this.texts = texts;
    const table = new URL('../../machinery/schema/table.json', import.meta.url);
    this.base = createHash('sha256').update(readFileSync(table)).update(info.version).digest('hex');
  }

  /** GET /openapi/v3: where the documents are. */
  index(request: OpenApiRequest): ContentAnswer {
    const all = this.all().sort((a, b) => (a.name < b.name ? -1 : 1));
    const paths = Object.fromEntries(
      all.map(({ name, etag }) => [name, { serverRelativeURL: this.url(name, etag()) }]),
    );
    const content = {
      contentType: 'text/plain; charset=utf-8',
      headers: {},
      // It is made for each who asks, and has no tag.
      modifiedMs: request.nowMs,
      body: () => Buffer.from(JSON.stringify({ paths })),
    };
    return conditionalAnswer(content, request.conditions);
  }

  /** GET /openapi/v3/NAME, such as `api/v1`; 404 when nothing is served under the name. */
  document(name: string, request: OpenApiRequest): ContentAnswer {
    const found = this.all().find((d) => d.name === name);
    if (found === undefined) return { code: 404, contentType: '', headers: {}, body: nothing };
    const chosen = choose(request.accept, 'v3');
    if (chosen === undefined) return notAcceptable('Accept');
    const etag = found.etag();
    const headers: Record<string, string> = { Etag: `"${etag}"`, Vary: 'Accept' };
    if (request.hash !== '' && request.hash !== etag) {
      const moved = { ...headers, Location: this.url(name, etag) };
      return { code: 301, contentType: chosen.contentType, headers: moved, body: nothing };
    }
    if (request.hash !== '') {
      headers['Cache-Control'] = 'public, immutable';
      const expires = new Date(request.nowMs);
      expires.setUTCFullYear(expires.getUTCFullYear() + 1);
      headers['Expires'] = expires.toUTCString();
    }
    const kept = this.keep(name, etag, request.nowMs);
    return answer(request, chosen, headers, kept, (form) => encodeV3(found.build(), form));
  }

  /** GET /openapi/v2. */
  documentV2(request: OpenApiRequest): ContentAnswer {
    const chosen = choose(request.accept, 'v2');
    if (chosen === undefined) return notAcceptable('Accept-Encoding, Accept');
    const versions = this.served();
    const etag = sha512(versions.map((v) => this.etag(v)).join('\n'));
    const headers = { Etag: `"${etag}"`, Vary: 'Accept-Encoding, Accept' };
    const kept = this.keep('v2', etag, request.nowMs);
    return answer(request, chosen, headers, kept, (form) => this.buildV2(versions, form));
  }

  /** Everything that has a document in v3. */
  private all(): DocumentV3[] {
    const versions = this.served();
    return [
      ...versions.map((version) => ({
        name: nameOf(version),
        etag: () => this.etag(version),
        build: () => buildOpenApiV3(version, this.texts),
      })),
      ...rootPaths(versions.map((v) => v.group)).map((root) => ({
        name: root.name,
        etag: () => sha512(`${this.base}${JSON.stringify(root)}`),
        build: () => buildRootDocument(root, this.texts),
      })),
    ];
  }

  /** Changes with whatever the document is made of. */
  private etag({ group, version, resources, customs }: ServedGroupVersion): string {
    const schemas = customs === undefined ? [] : [...customs];
    return sha512(`${this.base}${JSON.stringify([group, version, resources, schemas])}`);
  }

  private url(name: string, etag: string): string {
    return `/openapi/v3/${name}?hash=${etag}`;
  }

  private keep(name: string, etag: string, nowMs: number): Kept {
    let kept = this.documents.get(name);
    if (kept?.etag !== etag) {
      kept = { etag, modifiedMs: nowMs, compressed: new Map() };
      this.documents.set(name, kept);
      this.forgetWithdrawn();
    }
    return kept;
  }

  /** Group versions come and go with custom resource definitions. */
  private forgetWithdrawn(): void {
    const names = new Set(['v2', ...this.all().map((d) => d.name)]);
    for (const name of this.documents.keys()) if (!names.has(name)) this.documents.delete(name);
  }

  /** Written part by part: as one object it would take tens of megabytes. */
  private buildV2(versions: readonly ServedGroupVersion[], form: Form): Buffer {
    const sections = { paths: [], parameters: [], definitions: [] } as Record<string, Buffer[]>;
    for (const [section, name, value] of openApiV2Parts(versions, this.texts)) {
      const list = sections[section]!;
      if (form === 'json') {
        const comma = list.length === 0 ? '' : ',';
        list.push(Buffer.from(`${comma}${JSON.stringify(name)}:${JSON.stringify(value)}`));
      } else {
        const { field, message } = v2Entries[section];
        list.push(encodeEntry(messagesV2, field, name, message, value));
      }
    }
    return form === 'json' ? joinJson(sections) : joinProtobuf(sections);
  }
}

/** A document of v3, made when it is asked for. */
interface DocumentV3 {
  readonly name: string;
  etag(): string;
  build(): Json;
}

function encodeV3(document: Json, form: Form): Buffer {
  if (form === 'json') return Buffer.from(JSON.stringify(document));
  return encodeGnostic(messagesV3, 'Document', document);
}

const v2Entries = {
  paths: { field: 2, message: 'PathItem' },
  definitions: { field: 1, message: 'Schema' },
  parameters: { field: 1, message: 'Parameter' },
} as const;

function joinJson(sections: Record<string, Buffer[]>): Buffer {
  const parts: Buffer[] = [Buffer.from(JSON.stringify(documentV2Head).slice(0, -1))];
  for (const [section, list] of Object.entries(sections)) {
    parts.push(Buffer.from(`,${JSON.stringify(section)}:{`), ...list, Buffer.from('}'));
  }
  return Buffer.concat([...parts, Buffer.from('}')]);
}

function joinProtobuf({
  paths = [],
  definitions = [],
  parameters = [],
}: Record<string, Buffer[]>): Buffer {
  const { securityDefinitions, security, ...head } = documentV2Head;
  return Buffer.concat([
    encodeGnostic(messagesV2, 'Document', head),
    wrapField(8, Buffer.concat(paths)),
    wrapField(9, Buffer.concat(definitions)),
    wrapField(10, Buffer.concat(parameters)),
    encodeGnostic(messagesV2, 'Document', { security, securityDefinitions }),
  ]);
}

/** `api/v1`, `apis/apps/v1`. */
function nameOf({ group, version }: { group: string; version: string }): string {
  return rootOf(group, version).slice(1);
}

function sha512(content: string | Buffer): string {
  return createHash('sha512').update(content).digest('hex').toUpperCase();
}

interface Chosen {
  readonly form: Form;
  readonly contentType: string;
}

/** The first media type of the header that there is; undefined when there is none. */
function choose(accept: string | undefined, dialect: 'v2' | 'v3'): Chosen | undefined {
  const clauses = (accept ?? '*/*')
    .split(',')
    .map((clause) => {
      const [range = '', ...parameters] = clause.split(';').map((s) => s.trim());
      const q = parameters.find((p) => p.startsWith('q='))?.slice(2);
      return { range, q: q === undefined ? 1 : Number(q) || 0 };
    })
    .sort((a, b) => b.q - a.q);
  for (const { range } of clauses) {
    const [type, subtype] = range.split('/');
    for (const [name, form, contentType] of formsOf(dialect)) {
      if ((type === 'application' || type === '*') && (subtype === name || subtype === '*')) {
        return { form, contentType };
      }
    }
  }
  return undefined;
}

function answer(
  { acceptEncoding, conditions }: OpenApiRequest,
  { form, contentType }: Chosen,
  plain: Readonly<Record<string, string>>,
  kept: Kept,
  build: (form: Form) => Buffer,
): ContentAnswer {
  const zipped = /\bgzip\b/.test(acceptEncoding ?? '');
  const vary = plain['Vary']!.includes('Encoding')
    ? plain['Vary']!
    : `${plain['Vary']}, Accept-Encoding`;
  const headers = zipped ? { ...plain, 'Content-Encoding': 'gzip', Vary: vary } : plain;
  const body = () => {
    let compressed = kept.compressed.get(form);
    if (compressed === undefined) {
      compressed = gzipSync(build(form));
      kept.compressed.set(form, compressed);
    }
    return zipped ? compressed : gunzipSync(compressed);
  };
  return conditionalAnswer({ contentType, headers, modifiedMs: kept.modifiedMs, body }, conditions);
}

const nothing = Buffer.alloc(0);

function notAcceptable(vary: string): ContentAnswer {
  return { code: 406, contentType: '', headers: { Vary: vary }, body: nothing };
}

/** Descriptions from the packages that have them. */
export function packageTexts(): Texts {
  const parameters = new ParameterTexts();
  return { type: documented, parameter: (name, of) => parameters.text(name, of) };
}
