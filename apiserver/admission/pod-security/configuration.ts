/** PodSecurityConfiguration (pod-security.admission.config.k8s.io/v1): defaults and exemptions. */
import { isDns1123Label, isDns1123Subdomain } from '../../../machinery/meta/names.ts';
import {
  defaultPolicy,
  type LevelVersion,
  levelProblem,
  type Policy,
  parseLevel,
  parseMinor,
  versionProblem,
} from './policy.ts';

export interface PodSecurityConfiguration {
  /** Of namespaces whose labels say nothing. */
  readonly defaults: Policy;
  readonly exemptions: {
    readonly usernames: readonly string[];
    readonly namespaces: readonly string[];
    readonly runtimeClasses: readonly string[];
  };
}

const kind = 'PodSecurityConfiguration';
const group = 'pod-security.admission.config.k8s.io/';

/** Reads what a configuration file says; undefined is no file. Throws an Error for people. */
export function podSecurityConfiguration(document: unknown): PodSecurityConfiguration {
  if (document === undefined) {
    return {
      defaults: defaultPolicy,
      exemptions: { usernames: [], namespaces: [], runtimeClasses: [] },
    };
  }
  const given = recordOf(document, kind);
  if (given['kind'] !== kind || !String(given['apiVersion']).startsWith(group)) {
    throw new Error(`expected a ${kind} of ${group}v1, not ${String(given['kind'])}`);
  }
  const defaults = recordOf(given['defaults'] ?? {}, 'defaults');
  const exemptions = recordOf(given['exemptions'] ?? {}, 'exemptions');
  return {
    defaults: {
      enforce: modeOf(defaults, 'enforce'),
      audit: modeOf(defaults, 'audit'),
      warn: modeOf(defaults, 'warn'),
    },
    exemptions: {
      usernames: namesOf(exemptions, 'usernames', usernameProblems),
      namespaces: namesOf(exemptions, 'namespaces', isDns1123Label),
      runtimeClasses: namesOf(exemptions, 'runtimeClasses', isDns1123Subdomain),
    },
  };
}

function recordOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${what}: must be an object`);
  }
  return value as Record<string, unknown>;
}

function modeOf(defaults: Readonly<Record<string, unknown>>, mode: keyof Policy): LevelVersion {
  const levelText = textOr(defaults, mode, 'privileged');
  const versionText = textOr(defaults, `${mode}-version`, 'latest');
  const level = parseLevel(levelText);
  const minor = parseMinor(versionText);
  const shown = (name: string, text: string) =>
    `defaults.${name}: Invalid value: ${JSON.stringify(text)}: `;
  if (level === undefined) throw new Error(shown(mode, levelText) + levelProblem);
  if (minor === undefined) throw new Error(shown(`${mode}-version`, versionText) + versionProblem);
  return { level, minor };
}

/** Texts that are left empty say nothing. */
function textOr(given: Readonly<Record<string, unknown>>, field: string, other: string): string {
  return String(given[field] ?? '') || other;
}

const usernameProblems = (name: string) => (name === '' ? ['username must not be empty'] : []);

function namesOf(
  exemptions: Readonly<Record<string, unknown>>,
  field: string,
  problemsOf: (name: string) => readonly string[],
): string[] {
  const names = exemptions[field] ?? [];
  if (!Array.isArray(names) || !names.every((n) => typeof n === 'string')) {
    throw new Error(`exemptions.${field}: must be a list of names`);
  }
  for (const [i, name] of names.entries()) {
    const head = `exemptions.${field}[${i}]: `;
    const problems = problemsOf(name);
    const shown = JSON.stringify(name);
    if (problems.length > 0) {
      throw new Error(`${head}Invalid value: ${shown}: ${problems.join(', ')}`);
    }
    if (names.indexOf(name) < i) throw new Error(`${head}Duplicate value: ${shown}`);
  }
  return names;
}
