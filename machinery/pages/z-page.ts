/**
 * Pages on which a component tells of itself, `/flagz` and `/statusz` (KEP-4827, KEP-4828): text for
 * people, and objects of config.k8s.io for those who ask for them by their Accept header.
 */
import { parseAccept, takes } from '../codec/accept-header.ts';
import { encodeYaml } from '../codec/yaml.ts';
import { StatusError } from '../meta/status-error.ts';

/** One page. */
export interface ZPage {
  /** `Flagz`; the page's path is the same in lower case. */
  readonly kind: 'Flagz' | 'Statusz';
  /** `kube-scheduler`. */
  readonly component: string;
  /** The lines behind the heading. */
  text(): string;
  /** What its object holds beside kind, apiVersion and metadata. */
  fields(): Readonly<Record<string, unknown>>;
}

export interface ZPageAnswer {
  readonly code: number;
  readonly contentType: string;
  readonly body: string;
  /** A `Warning` header. */
  readonly warning?: string;
}

const group = 'config.k8s.io';
const versions = ['v1beta1', 'v1alpha1'];
const deprecated = 'v1alpha1';
const mediaTypes = ['application/json', 'application/yaml', 'text/plain'] as const;
const textType = 'text/plain; charset=utf-8';

const warning =
  'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility ' +
  'guarantees and is for debugging purposes only.';

/** Answers a GET with this Accept header; `pretty`: JSON is indented. */
export function answerZPage(page: ZPage, accept: string, pretty: boolean): ZPageAnswer {
  const name = page.kind.toLowerCase();
  if (accept.trim() === '') return asText(page, name);
  for (const clause of parseAccept(accept)) {
    for (const type of mediaTypes) {
      if (!takes(clause, type)) continue;
      const { params } = clause;
      if (type === 'text/plain') {
        if (!params.has('as')) return asText(page, name);
        continue;
      }
      const version = params.get('v') ?? '';
      if (params.get('as') !== page.kind || params.get('g') !== group) continue;
      if (!versions.includes(version)) continue;
      const indented = pretty || params.get('pretty') === '1';
      const body = encode(type, object(page, version), indented);
      const contentType = `${type};g=${group};v=${version};as=${page.kind}`;
      const answer = { code: 200, contentType, body };
      if (version !== deprecated) return answer;
      const text = `This version of the ${name} endpoint is deprecated. Please use a newer version.`;
      return { ...answer, warning: `299 - "${text}"` };
    }
  }
  const told = `only the following media types are accepted: ${mediaTypes.join(', ')}`;
  const status = new StatusError('NotAcceptable', told).toStatus();
  const body = encode('application/json', status, pretty);
  return { code: 406, contentType: 'application/json', body };
}

function asText(page: ZPage, name: string): ZPageAnswer {
  const body = `\n${page.component} ${name}\n${warning}\n${page.text()}`;
  return { code: 200, contentType: textType, body };
}

function object(page: ZPage, version: string): object {
  return {
    kind: page.kind,
    apiVersion: `${group}/${version}`,
    metadata: { name: page.component },
    ...page.fields(),
  };
}

function encode(type: string, value: object, indented: boolean): string {
  if (type === 'application/yaml') return encodeYaml(value);
  return `${JSON.stringify(value, null, indented ? 2 : 0)}\n`;
}
