/** The formats of texts that expressions know by name: `format.dns1123Label().validate(x)`. */
import { requestUriProblem } from '../../meta/go-url.ts';
import {
  isLabelValue,
  isQualifiedName,
  nameIsDns1035Label,
  nameIsDnsLabel,
  nameIsDnsSubdomain,
} from '../../meta/names.ts';
import { isOfFormat } from '../../meta/string-formats.ts';
import { type CelType, objectType } from '../types.ts';
import { type CelError, noSuchOverload, ObjectValue, type Value } from '../values.ts';

export const formatType = objectType('kubernetes.NamedFormat');

/** A format as a value. */
export class FormatValue extends ObjectValue {
  readonly name: string;
  /** What is wrong with a text; empty when nothing is. */
  readonly problems: (text: string) => readonly string[];
  /** The length of a regular expression that would do the same: validation costs by it. */
  readonly patternSize: number;

  constructor(name: string, problems: (text: string) => readonly string[], patternSize: number) {
    super();
    this.name = name;
    this.problems = problems;
    this.patternSize = patternSize;
  }

  override get type(): CelType {
    return formatType;
  }

  override equals(other: Value): boolean | CelError {
    return other instanceof FormatValue ? other.name === this.name : noSuchOverload;
  }
}

function ofFormat(format: string, problem: string): (text: string) => readonly string[] {
  return (text) => (isOfFormat(text, format) ? [] : [problem]);
}

function uriProblems(text: string): readonly string[] {
  const problem = requestUriProblem(text);
  return problem === undefined ? [] : [problem];
}

// Sizes are the real server's: of its patterns, or of those it takes for comparison.
const labelSize = 30;
const subdomainSize = 60;
const uuidSize = 70;
const dateTimeSize = 71;

/** By the names that expressions use. */
export const namedFormats: ReadonlyMap<string, FormatValue> = new Map(
  Object.entries({
    dns1123Label: new FormatValue('DNS1123Label', (s) => nameIsDnsLabel(s, false), labelSize),
    dns1123Subdomain: new FormatValue(
      'DNS1123Subdomain',
      (s) => nameIsDnsSubdomain(s, false),
      subdomainSize,
    ),
    dns1035Label: new FormatValue('DNS1035Label', (s) => nameIsDns1035Label(s, false), labelSize),
    qualifiedName: new FormatValue('QualifiedName', isQualifiedName, subdomainSize),
    dns1123LabelPrefix: new FormatValue(
      'DNS1123LabelPrefix',
      (s) => nameIsDnsLabel(s, true),
      labelSize,
    ),
    dns1123SubdomainPrefix: new FormatValue(
      'DNS1123SubdomainPrefix',
      (s) => nameIsDnsSubdomain(s, true),
      subdomainSize,
    ),
    dns1035LabelPrefix: new FormatValue(
      'DNS1035LabelPrefix',
      (s) => nameIsDns1035Label(s, true),
      labelSize,
    ),
    labelValue: new FormatValue('LabelValue', isLabelValue, 40),
    uri: new FormatValue('URI', uriProblems, 1103),
    uuid: new FormatValue('uuid', ofFormat('uuid', 'does not match the UUID format'), uuidSize),
    byte: new FormatValue('byte', ofFormat('byte', 'invalid base64'), 84),
    date: new FormatValue('date', ofFormat('date', 'invalid date'), dateTimeSize),
    datetime: new FormatValue('datetime', ofFormat('datetime', 'invalid datetime'), dateTimeSize),
  }),
);
