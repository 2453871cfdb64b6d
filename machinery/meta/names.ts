/**
 * What names, keys and other short strings may look like. Every check returns the list of its
 * problems, worded as the real server v1.36 words them; an empty list means the value is fine.
 */

const labelFormat = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const underscoreLabelFormat = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const subdomainFormat = `${labelFormat}(\\.${labelFormat})*`;
const underscoreSubdomainFormat = `${underscoreLabelFormat}(\\.${underscoreLabelFormat})*`;
const wildcardFormat = `\\*\\.${subdomainFormat}`;
const dns1035Format = '[a-z]([-a-z0-9]*[a-z0-9])?';
const keyFormat = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValueFormat = `(${keyFormat})?`;
const identifierFormat = '[A-Za-z_][A-Za-z0-9_]*';
const percentFormat = '[0-9]+%';
const headerFormat = '[-A-Za-z0-9]+';
const envVarFormat = '[-._a-zA-Z][-._a-zA-Z0-9]*';
const configKeyFormat = '[-._a-zA-Z0-9]+';

const label = new RegExp(`^${labelFormat}$`);
const subdomain = new RegExp(`^${subdomainFormat}$`);
const caselessSubdomain = new RegExp(`^${subdomainFormat}$`, 'i');
const underscoreSubdomain = new RegExp(`^${underscoreSubdomainFormat}$`);
const wildcard = new RegExp(`^${wildcardFormat}$`);
const dns1035 = new RegExp(`^${dns1035Format}$`);
const key = new RegExp(`^${keyFormat}$`);
const labelValue = new RegExp(`^${labelValueFormat}$`);
const identifier = new RegExp(`^${identifierFormat}$`);
const percent = new RegExp(`^${percentFormat}$`);
const header = new RegExp(`^${headerFormat}$`);
const envVar = new RegExp(`^${envVarFormat}$`);
const configKey = new RegExp(`^${configKeyFormat}$`);

const labelProblem =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and " +
  'must start and end with an alphanumeric character';
const subdomainProblem =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or " +
  "'.', and must start and end with an alphanumeric character";
const caselessSubdomainProblem =
  "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start " +
  'and end with an alphanumeric character';
const underscoreSubdomainProblem =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' " +
  "or '.', and must start and end with an alphanumeric character";
const wildcardProblem =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which " +
  "must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric " +
  'character';
const dns1035Problem =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an " +
  'alphabetic character, and end with an alphanumeric character';
const keyProblem =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " +
  'alphanumeric character';
const labelValueProblem =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or " +
  "'.', and must start and end with an alphanumeric character";
const identifierProblem =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of " +
  "alphanumeric characters or '_'";
const envVarProblem =
  "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', " +
  "or '.', and must not start with a digit";
const relaxedEnvVarProblem =
  'a valid environment variable name must consist only of printable ASCII characters other than ' +
  "'='";

/** A check of one string: the problems found, none when it is fine. */
export type NameCheck = (value: string) => string[];

/** Length as the server counts it: bytes of UTF-8. */
export function byteLength(s: string): number {
  return Buffer.byteLength(s);
}

/** `must be no more than N characters`. */
export function maxLengthProblem(max: number): string {
  return `must be no more than ${max} characters`;
}

/** The newer wording of the same, used for label keys, label values and their prefixes. */
export function maxBytesProblem(max: number): string {
  return `must be no more than ${max} bytes`;
}

/** `must be between LO and HI, inclusive`. */
export function rangeProblem(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}

/** A problem that names the pattern, with examples: the odd commas are the real server's. */
export function patternProblem(text: string, pattern: string, ...examples: string[]): string {
  const shown = examples.map((e) => `'${e}', `).join(' or ');
  return `${text} (${shown === '' ? '' : `e.g. ${shown}`}regex used for validation is '${pattern}')`;
}

/** A DNS label of RFC 1123: `my-name`. */
export function isDns1123Label(value: string): string[] {
  return checkDns1123Label(value, maxLengthProblem(63));
}

/** The same check as schema-driven (declarative) validation words it: lengths in bytes. */
export function isShortName(value: string): string[] {
  return checkDns1123Label(value, maxBytesProblem(63));
}

function checkDns1123Label(value: string, tooLong: string): string[] {
  const problems = byteLength(value) > 63 ? [tooLong] : [];
  if (label.test(value)) return problems;
  const text = subdomain.test(value)
    ? 'must not contain dots'
    : patternProblem(labelProblem, labelFormat, 'my-name', '123-abc');
  return [...problems, text];
}

function checkSubdomain(value: string, tooLong: string): string[] {
  const problems = byteLength(value) > 253 ? [tooLong] : [];
  if (!subdomain.test(value)) {
    problems.push(patternProblem(subdomainProblem, subdomainFormat, 'example.com'));
  }
  return problems;
}

/** A DNS subdomain of RFC 1123: `example.com`. */
export function isDns1123Subdomain(value: string): string[] {
  return checkSubdomain(value, maxLengthProblem(253));
}

/** The same check as schema-driven (declarative) validation words it: lengths in bytes. */
export function isLongName(value: string): string[] {
  return checkSubdomain(value, maxBytesProblem(253));
}

/** A subdomain in which upper case is allowed (CSI and DRA driver names). */
export function isLongNameCaseless(value: string): string[] {
  const problems = byteLength(value) > 253 ? [maxBytesProblem(253)] : [];
  if (!caselessSubdomain.test(value)) {
    problems.push(patternProblem(caselessSubdomainProblem, subdomainFormat, 'Example.com'));
  }
  return problems;
}

/** A subdomain whose labels may begin with and contain underscores. */
export function isDns1123SubdomainWithUnderscore(value: string): string[] {
  const problems = byteLength(value) > 253 ? [maxLengthProblem(253)] : [];
  if (!underscoreSubdomain.test(value)) {
    problems.push(
      patternProblem(underscoreSubdomainProblem, underscoreSubdomainFormat, 'example.com'),
    );
  }
  return problems;
}

/** `*.example.com` (RFC 1034, 4.3.3). */
export function isWildcardDns1123Subdomain(value: string): string[] {
  const problems = byteLength(value) > 253 ? [maxLengthProblem(253)] : [];
  if (!wildcard.test(value)) {
    problems.push(patternProblem(wildcardProblem, wildcardFormat, '*.example.com'));
  }
  return problems;
}

/** A DNS label of RFC 1035: begins with a letter. */
export function isDns1035Label(value: string): string[] {
  const problems = byteLength(value) > 63 ? [maxLengthProblem(63)] : [];
  if (!dns1035.test(value)) {
    problems.push(patternProblem(dns1035Problem, dns1035Format, 'my-name', 'abc-123'));
  }
  return problems;
}

/** An optional DNS prefix, a slash and a name: label keys, finalizers, taint keys and more. */
export function isQualifiedName(value: string): string[] {
  const parts = value.split('/');
  if (parts.length > 2) {
    return [
      `a valid label key ${patternProblem(keyProblem, keyFormat, 'MyName', 'my.name', '123-abc')}` +
        " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ];
  }
  const problems: string[] = [];
  const name = parts.at(-1)!;
  if (parts.length === 2) {
    const prefix = parts[0]!;
    if (prefix === '') problems.push('prefix part must be non-empty');
    else problems.push(...isLongName(prefix).map((p) => `prefix part ${p}`));
  }
  if (name === '') problems.push('name part must be non-empty');
  else if (byteLength(name) > 63) problems.push(`name part ${maxBytesProblem(63)}`);
  if (!key.test(name)) {
    const text = patternProblem(keyProblem, keyFormat, 'MyName', 'my.name', '123-abc');
    problems.push(`name part ${text}`);
  }
  return problems;
}

/** A label's value; may be empty. */
export function isLabelValue(value: string): string[] {
  const problems = byteLength(value) > 63 ? [maxBytesProblem(63)] : [];
  if (!labelValue.test(value)) {
    problems.push(
      patternProblem(labelValueProblem, labelValueFormat, 'MyValue', 'my_value', '12345'),
    );
  }
  return problems;
}

/** An identifier as in C. */
export function isCIdentifier(value: string): string[] {
  if (identifier.test(value)) return [];
  return [patternProblem(identifierProblem, identifierFormat, 'my_name', 'MY_NAME', 'MyName')];
}

/** A port number, 1-65535. */
export function isPortNumber(port: number): string[] {
  return isInRange(port, 1, 65535);
}

/** An inclusive range. */
export function isInRange(value: number, low: number, high: number): string[] {
  return value >= low && value <= high ? [] : [rangeProblem(low, high)];
}

/** A user or group id, 0 to 2^31-1. */
export function isUnixId(id: number): string[] {
  return isInRange(id, 0, 2147483647);
}

/** A port's name: IANA_SVC_NAME of RFC 6335, lower case only. */
export function isPortName(name: string): string[] {
  const problems: string[] = [];
  if (byteLength(name) > 15) problems.push(maxLengthProblem(15));
  if (!/^[-a-z0-9]+$/.test(name)) {
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(name)) problems.push('must contain at least one letter (a-z)');
  if (name.includes('--')) problems.push('must not contain consecutive hyphens');
  if (name.startsWith('-') || name.endsWith('-')) {
    problems.push('must not begin or end with a hyphen');
  }
  return problems;
}

/** `25%`. */
export function isPercent(value: string): string[] {
  if (percent.test(value)) return [];
  const text = "a valid percent string must be a numeric string followed by an ending '%'";
  return [patternProblem(text, percentFormat, '1%', '93%')];
}

/** The name of an HTTP header. */
export function isHttpHeaderName(value: string): string[] {
  if (header.test(value)) return [];
  const text = "a valid HTTP header must consist of alphanumeric characters or '-'";
  return [patternProblem(text, headerFormat, 'X-Header-Name')];
}

/** An environment variable's name by the strict rule (names made from keys of a source). */
export function isEnvVarName(value: string): string[] {
  const problems = envVar.test(value)
    ? []
    : [patternProblem(envVarProblem, envVarFormat, 'my.env-name', 'MY_ENV.NAME', 'MyEnvName1')];
  return [...problems, ...isNotDotted(value)];
}

/** An environment variable's name by the rule of v1.34 and later: printable ASCII without `=`. */
export function isRelaxedEnvVarName(value: string): string[] {
  if (value === '') return ['environment variable name must be non-empty'];
  return /^[ -<>-~]*$/.test(value) ? [] : [relaxedEnvVarProblem];
}

/** A key of a ConfigMap or Secret. */
export function isConfigMapKey(value: string): string[] {
  const problems = byteLength(value) > 253 ? [maxLengthProblem(253)] : [];
  if (!configKey.test(value)) {
    const text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    problems.push(patternProblem(text, configKeyFormat, 'key.name', 'KEY_NAME', 'key-name'));
  }
  return [...problems, ...isNotDotted(value)];
}

function isNotDotted(value: string): string[] {
  if (value === '.' || value === '..') return [`must not be '${value}'`];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}

/** A name that can stand in a URL path and in a storage key. */
export function isPathSegmentName(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return isPathSegmentPrefix(value);
}

/** The same for a generateName, where `.` may still become a good name. */
export function isPathSegmentPrefix(value: string): string[] {
  return ['/', '%'].filter((c) => value.includes(c)).map((c) => `may not contain '${c}'`);
}

/** An integer written as a person would: no plus sign, no leading zero. */
export function isDecimalInteger(value: string): string[] {
  if (value === '') return ['must be non-empty'];
  if (/^(0|-?[1-9][0-9]*)$/.test(value)) return [];
  return ['must be a valid decimal integer in canonical form'];
}

/**
 * Checks an object's name, or its generateName when `prefix` is set (a suffix will follow, so a
 * trailing dash is fine).
 */
export type ObjectNameCheck = (name: string, prefix: boolean) => string[];

function masked(check: NameCheck): ObjectNameCheck {
  return (name, prefix) => check(prefix ? maskTrailingDash(name) : name);
}

/** Names that are DNS subdomains: most kinds. */
export const nameIsDnsSubdomain: ObjectNameCheck = masked(isDns1123Subdomain);
/** Names that are DNS labels: namespaces and the kinds that become part of a host name. */
export const nameIsDnsLabel: ObjectNameCheck = masked(isDns1123Label);
/** Names that are DNS labels of RFC 1035. */
export const nameIsDns1035Label: ObjectNameCheck = masked(isDns1035Label);
/** Names that need only fit into a path: roles, bindings, custom resources' owners and so on. */
export const nameIsPathSegment: ObjectNameCheck = (name, prefix) =>
  prefix ? isPathSegmentPrefix(name) : isPathSegmentName(name);

/** `abc-` -> `aba`: the real server replaces the last two characters by one. */
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}
