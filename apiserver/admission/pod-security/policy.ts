/** What the labels of a namespace ask of its pods. */
import { type FieldError, FieldPath, invalidValue } from '../../../machinery/meta/field-error.ts';

/** From the least strict to the strictest. */
export const levels = ['privileged', 'baseline', 'restricted'] as const;

export type Level = (typeof levels)[number];

/** A level as one minor version of Kubernetes defined it; `Infinity` is the latest one. */
export interface LevelVersion {
  readonly level: Level;
  readonly minor: number;
}

/** What is refused, noted and warned about. */
export interface Policy {
  readonly enforce: LevelVersion;
  readonly audit: LevelVersion;
  readonly warn: LevelVersion;
}

const anything: LevelVersion = { level: 'privileged', minor: Number.POSITIVE_INFINITY };

/** Of namespaces without labels: everything goes. */
export const defaultPolicy: Policy = { enforce: anything, audit: anything, warn: anything };

/** Versions are numbers of 64 bits. */
const mostMinor = 2n ** 63n - 1n;

const prefix = 'pod-security.kubernetes.io/';

/** `restricted:latest`, `baseline:v1.24`. */
export function policyName({ level, minor }: LevelVersion): string {
  return `${level}:${minor === Number.POSITIVE_INFINITY ? 'latest' : `v1.${minor}`}`;
}

/** True when `a` forbids more than `b`. */
export function isStricter(a: Level, b: Level): boolean {
  return levels.indexOf(a) > levels.indexOf(b);
}

/** True when both forbid the same: no version of `privileged` forbids anything. */
export function isEquivalent(a: LevelVersion, b: LevelVersion): boolean {
  return a.level === b.level && (a.level === 'privileged' || a.minor === b.minor);
}

/** The level of that name; undefined for others. */
export function parseLevel(text: string): Level | undefined {
  return levels.find((level) => level === text);
}

/** The minor version of `latest` or `v1.24`; undefined for other texts. */
export function parseMinor(text: string): number | undefined {
  if (text === 'latest') return Number.POSITIVE_INFINITY;
  const match = /^v1\.(0|[1-9][0-9]*)$/.exec(text);
  if (match === null || BigInt(match[1]!) > mostMinor) return undefined;
  return Number(match[1]);
}

/** What is wrong with a text that `parseLevel` does not know. */
export const levelProblem = `must be one of ${levels.join(', ')}`;
/** What is wrong with a text that `parseMinor` does not know. */
export const versionProblem = 'must be "latest" or "v1.x"';

/**
 * The policy of a namespace with these labels. Labels that cannot be read are told of, and treated
 * as the strictest level where pods are refused, as none where they are warned about.
 */
export function policyOf(
  labels: Readonly<Record<string, string>>,
  defaults: Policy,
): { readonly policy: Policy; readonly errors: FieldError[] } {
  const errors: FieldError[] = [];
  const read = <T>(
    label: string,
    parse: (text: string) => T | undefined,
    problem: string,
  ): T | undefined => {
    const text = labels[prefix + label];
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) {
      const at = FieldPath.of('metadata', 'labels').key(prefix + label);
      errors.push(invalidValue(at, text, problem));
    }
    return value;
  };
  const modeOf = (mode: keyof Policy, otherwise: Level): LevelVersion & { named: boolean } => {
    const named = labels[prefix + mode] !== undefined;
    const level = read(mode, parseLevel, levelProblem);
    const version = `${mode}-version`;
    const minor = read(version, parseMinor, versionProblem);
    const unreadable = labels[prefix + version] !== undefined && minor === undefined;
    return {
      level: level ?? (named ? otherwise : defaults[mode].level),
      minor: minor ?? (unreadable ? Number.POSITIVE_INFINITY : defaults[mode].minor),
      named: named && level !== undefined,
    };
  };
  const enforce = modeOf('enforce', 'restricted');
  const audit = modeOf('audit', 'privileged');
  let warn: LevelVersion = modeOf('warn', 'privileged');
  // What is refused is also warned about where it stands in templates.
  if (
    labels[`${prefix}warn`] === undefined &&
    enforce.named &&
    isStricter(enforce.level, warn.level)
  ) {
    const { level, minor } = enforce;
    warn = { level, minor: labels[`${prefix}warn-version`] === undefined ? minor : warn.minor };
  }
  const bare = ({ level, minor }: LevelVersion) => ({ level, minor });
  return { policy: { enforce: bare(enforce), audit: bare(audit), warn: bare(warn) }, errors };
}

/** True when nothing is looked at. */
export function isFullyPrivileged({ enforce, audit, warn }: Policy): boolean {
  return [enforce, audit, warn].every(({ level }) => level === 'privileged');
}
