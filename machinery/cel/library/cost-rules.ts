/** Figures of costs that hold both for calls as they run and for estimates. */

/** Looking at one character. */
export const traversalFactor = 0.1;
/** Of a pattern, by character. */
export const regexFactor = 0.25;
/** An authorization check. */
export const checkCost = 350_000;

const listBaseCost = 10;
const structBaseCost = 40;

/** A selector of so many characters: reading it, and the requirements it may hold. */
export function selectorCost(length: number): number {
  const requirements = Math.ceil(length * 0.5) * (listBaseCost + structBaseCost);
  return listBaseCost + Math.ceil(length * traversalFactor) + requirements;
}

/** Functions that look something up or compare small things: 1 each. */
export const nominalCalls: readonly string[] = [
  ...['serviceAccount', 'path', 'group', 'resource', 'subresource', 'namespace', 'name'],
  ...['allowed', 'reason', 'error', 'errored'],
  ...['masked', 'prefixLength', 'family', 'isUnspecified', 'isLoopback'],
  ...['isLinkLocalMulticast', 'isLinkLocalUnicast', 'isGlobalUnicast'],
  'format.named',
  ...['sign', 'asInteger', 'isInteger', 'asApproximateFloat'],
  ...['isGreaterThan', 'isLessThan', 'compareTo', 'add', 'sub', 'major', 'minor', 'patch'],
  ...['getScheme', 'getHostname', 'getHost', 'getPort', 'getEscapedPath', 'getQuery'],
];
