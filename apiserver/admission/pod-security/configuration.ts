/** PodSecurityConfiguration (pod-security.admission.config.k8s.io/v1): defaults and exemptions. */
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
      usernames: namesOf(exemptions, 'usernames'),
      namespaces: namesOf(exemptions, 'namespaces'),
      runtimeClasses: namesOf(exemptions, 'runtimeClasses'),
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
  const levelText = String(defaults[mode] ?? 'privileged');
  const versionText = String(defaults[`${mode}-version`] ?? 'latest');
  const level = parseLevel(levelText);
  const minor = parseMinor(versionText);
  const shown = (name: string, text: string) => `defaults.${name}: ${JSON.stringify(text)}: `;
  if (level === undefined) throw new Error(shown(mode, levelText) + levelProblem);
  if (minor === undefined) throw new Error(shown(`${mode}-version`, versionText) + versionProblem);
  return { level, minor };
}

function namesOf(exemptions: Readonly<Record<string, unknown>>, field: string): string[] {
  const names = exemptions[field] ?? [];
  const valid = Array.isArray(names) && names.every((n) => typeof n === 'string' && n !== '');
  if (!valid) throw new Error(`exemptions.${field}: must be a list of names`);
  return names as string[];
}
