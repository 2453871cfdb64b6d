/**
 * YAML bodies as the real server reads them: the first document only, YAML 1.1 scalars, merge
 * keys, aliases within bounds. The tree comes from the `yaml` package, its meaning from here.
 */
import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type ParsedNode,
  Parser,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { quote } from '../meta/field-error.ts';
import { goSyntax } from '../patch/go-text.ts';
import { parseJson } from './json.ts';
import { JsonSyntaxError, maxJsonDepth, setMember } from './json-text.ts';
import { characterProblem, yamlProblem } from './yaml-problem.ts';
import { type Resolved, resolvePlain } from './yaml-scalar.ts';

export { encodeYaml } from './yaml-emitter.ts';

type JsonObject = Record<string, unknown>;
type Node = ParsedNode | null;

/**
 * Parses a YAML body to what its JSON form would be. `duplicates` are strict decoding errors
 * (one text for all keys that repeat); the last of equal keys wins. Throws JsonSyntaxError.
 */
export function decodeYaml(bytes: Uint8Array): { value: unknown; duplicates: string[] } {
  const json = asJson(bytes);
  if (json !== undefined) return { value: json.value, duplicates: [] };
  refuseDeepFlow(bytes);
  const text = new TextDecoder().decode(bytes);
  if (deepLine.test(text)) throw new JsonSyntaxError(tooDeep);
  const wrong = characterProblem(text);
  if (wrong !== undefined) throw new JsonSyntaxError(wrong);
  const lines = new LineCounter();
  try {
    const document = firstDocument(text, lines);
    if (document === undefined) return { value: null, duplicates: [] };
    const reader = new Reader(lines);
    const value = reader.value(document.contents, 0);
    const { problems } = reader;
    const duplicates =
      problems.length === 0 ? [] : [`yaml: unmarshal errors:\n  ${problems.join('\n  ')}`];
    return { value, duplicates };
  } catch (e) {
    if (e instanceof RangeError) throw new JsonSyntaxError(tooDeep);
    throw e;
  }
}

/** Most clients send JSON under a YAML media type; it means the same and reads much faster. */
function asJson(bytes: Uint8Array): { value: unknown } | undefined {
  if (bytes[0] !== 0x7b) return undefined;
  try {
    const json = parseJson(bytes, false);
    // The line numbers of duplicates come from the YAML reader.
    return json.duplicates.length === 0 ? json : undefined;
  } catch (e) {
    if (e instanceof JsonSyntaxError) return undefined;
    throw e;
  }
}

/** Keeps the parser from being driven into recursion by brackets alone. */
function refuseDeepFlow(bytes: Uint8Array): void {
  let depth = 0;
  for (const c of bytes) {
    if (c === 0x5b || c === 0x7b) depth++;
    else if (c === 0x5d || c === 0x7d) depth--;
    if (depth > maxJsonDepth) throw new JsonSyntaxError(tooDeep);
  }
}

/** Nesting on one line by `- - -` or `? ? ?`. */
const deepLine = /(?:[-?] ){1001}/;
const tooDeep = 'yaml: exceeded max depth of 10000';

function firstDocument(text: string, lines: LineCounter): Document.Parsed | undefined {
  const composer = new Composer({ schema: 'failsafe', uniqueKeys: false, logLevel: 'silent' });
  const parser = new Parser(lines.addNewLine);
  let document: Document.Parsed | undefined;
  for (const token of parser.parse(text)) {
    for (const next of composer.next(token)) document ??= next;
    if (document !== undefined) break;
  }
  for (const next of composer.end()) document ??= next;
  const error = document?.errors[0];
  if (error !== undefined) {
    if (error.message.startsWith('Maximum call stack')) throw new JsonSyntaxError(tooDeep);
    throw new JsonSyntaxError(yamlProblem(text, document!.errors, lines));
  }
  return document;
}

/** Repeated keys beyond this number are not listed. */
const problemLimit = 100;

const longTag = 'tag:yaml.org,2002:';

class Reader {
  readonly problems: string[] = [];
  private readonly lines: LineCounter;
  private readonly anchors = new Map<string, ParsedNode>();
  private readonly open = new Set<ParsedNode>();
  private nodes = 0;
  private aliased = 0;
  private aliasDepth = 0;

  constructor(lines: LineCounter) {
    this.lines = lines;
  }

  value(node: Node, depth: number): unknown {
    if (depth > maxJsonDepth) throw new RangeError('depth');
    if (node === null) return null;
    this.count();
    if (isAlias(node)) return this.alias(node.source, depth);
    if (node.anchor !== undefined && this.aliasDepth === 0) this.anchors.set(node.anchor, node);
    if (isScalar(node)) return jsonValue(resolve(node as Scalar));
    this.open.add(node);
    let out: unknown;
    if (isSeq(node)) out = node.items.map((item) => this.value(item as Node, depth + 1));
    else if (isMap(node)) out = this.map(node, depth);
    this.open.delete(node);
    return out;
  }

  /** Bounds on aliases as the real server's reader has them: a share of all nodes decoded. */
  private count(): void {
    this.nodes++;
    if (this.aliasDepth > 0) this.aliased++;
    if (this.aliased <= 100 || this.nodes <= 1000) return;
    const share = Math.min(0.99, Math.max(0.1, 0.99 - 0.89 * ((this.nodes - 4e5) / 3.6e6)));
    if (this.aliased / this.nodes > share) {
      throw new JsonSyntaxError('yaml: document contains excessive aliasing');
    }
  }

  private alias(name: string, depth: number): unknown {
    const target = this.target(name);
    this.aliasDepth++;
    const value = this.value(target, depth + 1);
    this.aliasDepth--;
    return value;
  }

  private target(name: string): ParsedNode {
    const target = this.anchors.get(name);
    if (target === undefined) {
      throw new JsonSyntaxError(`yaml: unknown anchor '${name}' referenced`);
    }
    if (this.open.has(target)) {
      throw new JsonSyntaxError(`yaml: anchor '${name}' value contains itself`);
    }
    return target;
  }

  private map(node: YAMLMap, depth: number): JsonObject {
    const out: JsonObject = {};
    for (const pair of node.items as Pair<Node, Node>[]) {
      if (isMergeKey(pair.key)) this.merge(pair.value, out, depth);
      else this.member(pair, out, depth);
    }
    return out;
  }

  private member(pair: Pair<Node, Node>, out: JsonObject, depth: number): void {
    const { text, shown } = this.key(pair);
    if (Object.hasOwn(out, text) && this.problems.length < problemLimit) {
      const at = (pair.value ?? pair.key)?.range?.[0] ?? 0;
      const { line } = this.lines.linePos(at);
      this.problems.push(`line ${line}: key ${shown} already set in map`);
    }
    setMember(out, text, this.value(pair.value, depth + 1));
  }

  /** The key as JSON has it, and as an error shows it. */
  private key({ key: node, value: of }: Pair<Node, Node>): { text: string; shown: string } {
    const scalar = isAlias(node) ? this.target(node.source) : node;
    if (scalar === null || isScalar(scalar)) {
      this.count();
      const { tag, value } =
        scalar === null ? { tag: '!!null', value: null } : resolve(scalar as Scalar);
      if (scalar?.anchor !== undefined) this.anchors.set(scalar.anchor, scalar);
      if (tag === '!!str') return { text: String(value), shown: quote(String(value)) };
      if (tag !== '!!null') return { text: String(value), shown: String(value) };
      const held = of === null || (isScalar(of) && resolve(of as Scalar).tag === '!!null');
      const shown = held ? '<nil>' : goSyntax(this.value(of, 0));
      const what = `%!s(<nil>), key: <nil>, value: ${shown}`;
      throw new JsonSyntaxError(`unsupported map key of type: ${what}`);
    }
    throw new JsonSyntaxError(`yaml: invalid map key: ${goSyntax(this.value(scalar, 0))}`);
  }

  private merge(node: Node, out: JsonObject, depth: number): void {
    const sources = isSeq(node) ? [...(node.items as Node[])].reverse() : [node];
    for (const source of sources) {
      const target = isAlias(source) ? this.target(source.source) : source;
      if (target === null || !isMap(target)) {
        throw new JsonSyntaxError('yaml: map merge requires map or sequence of maps as the value');
      }
      const merged = this.value(source, depth + 1) as JsonObject;
      for (const key of Object.keys(merged)) setMember(out, key, merged[key]);
    }
  }
}

function isMergeKey(key: Node): boolean {
  if (key === null || !isScalar(key)) return false;
  const { source, type, tag } = key as Scalar;
  return source === '<<' && ((type === 'PLAIN' && tag === undefined) || tag === `${longTag}merge`);
}

function resolve(node: Scalar): { tag: string; value: Resolved['value'] } {
  const source = node.source ?? '';
  const tag = node.tag?.startsWith(longTag) ? `!!${node.tag.slice(longTag.length)}` : node.tag;
  switch (tag) {
    case undefined:
      return node.type === 'PLAIN' ? resolvePlain(source) : { tag: '!!str', value: source };
    case '!!binary':
      return { tag: '!!str', value: Buffer.from(source, 'base64').toString('utf8') };
    case '!!bool':
    case '!!int':
    case '!!float':
    case '!!null': {
      const found = resolvePlain(source);
      if (found.tag === tag || (tag === '!!float' && found.tag === '!!int')) return found;
      throw new JsonSyntaxError(`yaml: cannot decode ${found.tag} \`${source}\` as a ${tag}`);
    }
    default:
      return { tag: '!!str', value: source };
  }
}

/** JSON has neither infinities nor integers beyond 64 bits. */
function jsonValue({ value }: { value: Resolved['value'] }): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    const shown = Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
    throw new JsonSyntaxError(`json: unsupported value: ${shown}`);
  }
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) !== value) return Number(value);
  return value;
}
