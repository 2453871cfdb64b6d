/** `semver("1.2.3").isLessThan(semver("2.0.0"))`: semantic versions in expressions. */
import type { FunctionDeclaration, Library } from '../library.ts';
import { boolType, type CelType, intType, objectType, stringType } from '../types.ts';
import { CelError, noSuchOverload, ObjectValue, type Result, type Value } from '../values.ts';
import {
  compareVersions,
  parseNormalizedVersion,
  parseSemanticVersion,
  type SemanticVersion,
  type VersionProblem,
} from './semantic-version.ts';

export const semverType = objectType('kubernetes.Semver');

/** A version; build metadata does not tell two apart. */
export class SemverValue extends ObjectValue {
  readonly version: SemanticVersion;

  constructor(version: SemanticVersion) {
    super();
    this.version = version;
  }

  override get type(): CelType {
    return semverType;
  }

  override equals(other: Value): boolean | CelError {
    if (!(other instanceof SemverValue)) return noSuchOverload;
    return compareVersions(this.version, other.version) === 0;
  }
}

/** The library of versions. A second argument `true` takes what people write: `v1.0`. */
export const semverLibrary: Library = {
  name: 'kubernetes.Semver',
  functions: [
    reader('semver', ['string_to_semver', 'string_bool_to_semver'], semverType, (version) =>
      'problem' in version ? new CelError(version.problem) : new SemverValue(version),
    ),
    reader(
      'isSemver',
      ['is_semver_string', 'is_semver_string_bool'],
      boolType,
      (version) => !('problem' in version),
    ),
    comparison('isGreaterThan', 'semver_is_greater_than', boolType, (order) => order === 1),
    comparison('isLessThan', 'semver_is_less_than', boolType, (order) => order === -1),
    comparison('compareTo', 'semver_compare_to', intType, BigInt),
    part('major', 'semver_major'),
    part('minor', 'semver_minor'),
    part('patch', 'semver_patch'),
  ],
};

function reader(
  name: string,
  ids: readonly [string, string],
  result: CelType,
  answer: (version: SemanticVersion | VersionProblem) => Result,
): FunctionDeclaration {
  const call = (text: Value, normalize: Value = false): Result =>
    answer((normalize === true ? parseNormalizedVersion : parseSemanticVersion)(text as string));
  return {
    name,
    overloads: [
      { id: ids[0], params: [stringType], result, call: (text) => call(text) },
      { id: ids[1], params: [stringType, boolType], result, call },
    ],
  };
}

function versionOf(value: Value): SemanticVersion {
  return (value as SemverValue).version;
}

function comparison(
  name: string,
  id: string,
  result: CelType,
  answer: (order: -1 | 0 | 1) => Value,
): FunctionDeclaration {
  const call = (a: Value, b: Value): Value => answer(compareVersions(versionOf(a), versionOf(b)));
  return {
    name,
    overloads: [{ id, member: true, params: [semverType, semverType], result, call }],
  };
}

function part(name: 'major' | 'minor' | 'patch', id: string): FunctionDeclaration {
  // Beyond 63 bits the real server's number turns negative.
  const call = (value: Value): Value => BigInt.asIntN(64, versionOf(value)[name]);
  return { name, overloads: [{ id, member: true, params: [semverType], result: intType, call }] };
}
