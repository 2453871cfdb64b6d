/**
 * What calls of the Kubernetes libraries may cost, and how large their results may be, before they
 * run; also of the standard functions that the real server counts in its own way. These figures
 * decide which rules a CustomResourceDefinition may have: they are part of the API.
 */
import {
  addRanges,
  type CallEstimate,
  type CostEstimator,
  type CostNode,
  fixed,
  multiplyRanges,
  type Range,
  type SizeEstimator,
  scaleRange,
  unbounded,
  unknownSize,
} from '../estimate.ts';
import type { CelType } from '../types.ts';
import {
  authorizerType,
  decisionType,
  groupCheckType,
  pathCheckType,
  resourceCheckType,
} from './authorizer.ts';
import {
  checkCost,
  nominalCalls,
  regexFactor,
  selectorCost,
  traversalFactor,
} from './cost-rules.ts';
import { cidrType, ipType } from './ip-value.ts';
import { formatType } from './named-formats.ts';
import { quantityType } from './quantity.ts';
import { semverType } from './semver.ts';
import { urlType } from './urls.ts';

/** A call as rules see it; `size` answers with the widest range where nothing is known. */
interface Call {
  readonly overload: string;
  readonly target: CostNode | undefined;
  readonly args: readonly CostNode[];
  readonly size: (node: CostNode) => Range;
}

type Rule = (call: Call) => CallEstimate | undefined;

const one: Range = fixed(1);
/** Bytes of an address. */
const addressSize: Range = { min: 4, max: 16 };
const maxFormatSize = 64;
const maxFormatPatternSize = 128;

const traversed = (size: Range): Range => scaleRange(size, traversalFactor);

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...nominalCalls.map((name): [string, Rule] => [name, () => ({ cost: one })]),
  ['check', () => ({ cost: fixed(checkCost) })],
  ...each(['fieldSelector', 'labelSelector'], ({ args, size }) => {
    if (args.length !== 1) return undefined;
    const { min, max } = size(args[0]!);
    return { cost: { min: selectorCost(min), max: Math.min(selectorCost(max), unbounded) } };
  }),
  ...each(['isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf'], listing),
  ...each(['url', 'jsonpatch.escapeKey'], ({ args, size }) => {
    return args.length === 1 ? sameSize(size(args[0]!)) : undefined;
  }),
  ...each(['lowerAscii', 'upperAscii', 'substring', 'trim'], ({ target, size }) => {
    return target === undefined ? undefined : sameSize(size(target));
  }),
  ['replace', replacing],
  ['split', splitting],
  ['join', joining],
  ...each(['find', 'findAll'], finding),
  ...each(['cidr', 'isIP', 'isCIDR', 'quantity', 'isQuantity', 'semver', 'isSemver'], parsing),
  ['ip', (call) => (call.overload === 'cidr_ip' ? { cost: one } : parsing(call))],
  [
    'ip.isCanonical',
    ({ args, size }) => {
      return args.length === 0
        ? undefined
        : { cost: scaleRange(size(args[0]!), 2 * traversalFactor) };
    },
  ],
  ['containsIP', (call) => containing(call, fixed(0), 'cidr_contains_ip_string')],
  [
    'containsCIDR',
    (call) => {
      const masking = addRanges(traversed(addressSize), one);
      return containing(call, masking, 'cidr_contains_cidr_string');
    },
  ],
  [
    'validate',
    ({ args, size }) => {
      if (args.length === 0) return undefined;
      return { cost: scaleRange(traversed(size(args[0]!)), maxFormatPatternSize * regexFactor) };
    },
  ],
  ['_==_', comparing],
]);

/** The estimator of the real server; sizes that an expression does not tell come from `sizes`. */
export function kubernetesEstimator(sizes: SizeEstimator): CostEstimator {
  const size = (node: CostNode): Range => node.computedSize ?? sizes.size(node) ?? unknownSize;
  return {
    size: (node) => sizes.size(node),
    call: (fn, overload, target, args) => rules.get(fn)?.({ overload, target, args, size }),
  };
}

function each(names: readonly string[], rule: Rule): [string, Rule][] {
  return names.map((name) => [name, rule]);
}

function sameSize(size: Range): CallEstimate {
  return { cost: traversed(size), resultSize: size };
}

function parsing({ args, size }: Call): CallEstimate | undefined {
  return args.length === 0 ? undefined : { cost: traversed(size(args[0]!)) };
}

/** An item of a list, by what is declared of it. */
function itemOf(list: CostNode): CostNode | undefined {
  const [type] = list.type.params;
  if (type === undefined) return undefined;
  const path = list.path === undefined ? undefined : [...list.path, '@items'];
  return { path, type, expr: list.expr, computedSize: undefined };
}

/** One comparison for each item; of texts also a look at all of each. */
function listing({ target, size }: Call): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const item = itemOf(target);
  // Strings have positions too.
  if (item === undefined) return { cost: traversed(size(target)) };
  const text = item.type.kind === 'string' || item.type.kind === 'bytes';
  const each = text ? addRanges(one, traversed(size(item))) : one;
  return { cost: multiplyRanges(size(target), each) };
}

function replacing({ target, args, size }: Call): CallEstimate | undefined {
  if (target === undefined || args.length < 2) return undefined;
  const text = size(target);
  const [from, to] = [size(args[0]!), size(args[1]!)];
  // The longest result: the shortest pieces become the longest ones.
  let [mostTimes, mostKept] = [0, 0];
  if (from.min === 0) [mostTimes, mostKept] = [text.max + 1, text.max];
  else if (to.max <= from.min) mostKept = text.max;
  else mostTimes = Math.ceil(text.max / from.min);
  // The shortest: the longest pieces become the shortest ones.
  let [leastTimes, leastKept] = [0, 0];
  if (from.max === 0) [leastTimes, leastKept] = [text.min + 1, text.min];
  else if (from.max <= to.min) leastKept = text.min;
  else leastTimes = Math.ceil(text.min / from.max);
  const written = multiplyRanges({ min: leastTimes, max: mostTimes }, to);
  return {
    cost: scaleRange(text, 2 * traversalFactor),
    resultSize: addRanges(written, { min: leastKept, max: mostKept }),
  };
}

/** At worst into its characters. */
function splitting({ target, args, size }: Call): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const text = size(target);
  const limit = args[1]?.expr;
  const given = limit?.kind === 'literal' && typeof limit.value === 'bigint';
  const max = given ? Number(BigInt.asUintN(64, limit.value as bigint)) : text.max;
  return { cost: scaleRange(text, 2 * traversalFactor), resultSize: { min: 0, max } };
}

function joining({ target, args, size }: Call): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const list = size(target);
  const item = itemOf(target);
  let result = item === undefined ? fixed(0) : multiplyRanges(list, size(item));
  if (args.length > 0) {
    const gaps = { min: Math.max(0, list.min - 1), max: Math.max(0, list.max - 1) };
    result = addRanges(result, multiplyRanges(size(args[0]!), gaps));
  }
  return sameSize(result);
}

function finding({ target, args, size }: Call): CallEstimate | undefined {
  if (target === undefined || args.length === 0) return undefined;
  const text = size(target);
  // One is added: an empty text does not make a dear pattern cheap.
  const look = traversed(addRanges(text, one));
  const pattern = scaleRange(size(args[0]!), regexFactor);
  return { cost: multiplyRanges(look, pattern), resultSize: { min: 0, max: text.max } };
}

function containing(
  { overload, args, size }: Call,
  more: Range,
  reading: string,
): CallEstimate | undefined {
  if (args.length === 0) return undefined;
  let cost = addRanges(traversed(addRanges(addressSize, addressSize)), more);
  if (overload === reading) cost = addRanges(cost, traversed(size(args[0]!)));
  return { cost };
}

const comparedAtOnce: readonly CelType[] = [
  ipType,
  cidrType,
  quantityType,
  semverType,
  authorizerType,
  pathCheckType,
  groupCheckType,
  resourceCheckType,
  decisionType,
];

function comparing({ args: [left, right] }: Call): CallEstimate | undefined {
  if (left === undefined || right === undefined || left.type.name !== right.type.name) {
    return undefined;
  }
  const { name } = left.type;
  if (comparedAtOnce.some((t) => t.name === name)) return { cost: one };
  if (name === formatType.name) return { cost: traversed({ min: 1, max: maxFormatSize }) };
  if (name !== urlType.name) return undefined;
  return { cost: traversed({ min: 1, max: right.computedSize?.max ?? 1 }) };
}
