/** What the checks of pod security have in common: what they see, and how they word problems. */
import type { Pod } from '../../../machinery/schema/wire.ts';

type PodSpec = NonNullable<Pod['spec']>;

/** A container as far as checks look at it: ephemeral ones are checked like the others. */
export type CheckedContainer = Pick<
  PodSpec['containers'][number],
  | 'name'
  | 'ports'
  | 'securityContext'
  | 'livenessProbe'
  | 'readinessProbe'
  | 'startupProbe'
  | 'lifecycle'
>;

/** A pod, or the template of one. */
export interface Subject {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
  /** Of all kinds, init containers first. */
  readonly containers: readonly CheckedContainer[];
}

/** `reason` is told always, `detail` when one object is looked at. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

/** One rule. */
export interface Check {
  /** Rules of a level are told in the order of their ids. */
  readonly id: string;
  /** The first minor version that has it. */
  readonly since: number;
  /** Ids of baseline rules that it takes the place of. */
  readonly overrides?: readonly string[];
  /** What is wrong, by the rule as of that minor version. */
  violation(subject: Subject, minor: number): Violation | undefined;
}

/** What checks see of a pod or a template. */
export function subjectOf(pod: Pick<Pod, 'metadata' | 'spec'>): Subject {
  // Validation has not run yet: what the API requires may still be missing.
  const spec = pod.spec ?? { containers: [] };
  return {
    annotations: pod.metadata?.annotations ?? {},
    spec,
    containers: [
      ...(spec.initContainers ?? []),
      ...(spec.containers ?? []),
      ...(spec.ephemeralContainers ?? []),
    ],
  };
}

/** `"a", "b"`. */
export function quoted(items: readonly string[]): string {
  return items.map((item) => `"${item}"`).join(', ');
}

/** The items once each, in order. */
export function distinct(items: Iterable<string>): string[] {
  return [...new Set(items)].sort();
}

/** The word as it stands for that many. */
export function plural(word: string, items: readonly unknown[]): string {
  return items.length === 1 ? word : `${word}s`;
}

/** `container "a"`, `containers "a", "b"`. */
export function containersNamed(containers: readonly CheckedContainer[]): string {
  return `${plural('container', containers)} ${quoted(containers.map((c) => c.name))}`;
}

/** `container "a" uses`, `containers "a", "b" use`. */
export function containersUsing(containers: readonly CheckedContainer[]): string {
  return `${containersNamed(containers)} ${containers.length === 1 ? 'uses' : 'use'}`;
}

/** `pod and container "a"`: who sets something; '' for nobody. */
export function setters(pod: boolean, containers: readonly CheckedContainer[]): string {
  const names = [
    ...(pod ? ['pod'] : []),
    ...(containers.length > 0 ? [containersNamed(containers)] : []),
  ];
  return names.join(' and ');
}

/** Root in a user namespace of its own is nobody outside. */
export function hasUserNamespace({ spec }: Subject): boolean {
  return spec.hostUsers === false;
}
