/** Warnings that all kinds with a pod template give. */
import { FieldPath } from '../../../machinery/meta/field-error.ts';
import { isDns1123Label } from '../../../machinery/meta/names.ts';
import type { KubeObject, PodTemplateSpec } from '../../../machinery/schema/wire.ts';
import { podTemplateWarnings } from '../core/pod/pod-warnings.ts';

/** The name of an object whose pods are named after it should be a DNS label. */
export function podNameWarnings(object: KubeObject): string[] {
  const problems = isDns1123Label(object.metadata?.name ?? '');
  if (problems.length === 0) return [];
  return [
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising ' +
      `behavior; a DNS label is recommended: [${problems.join(' ')}]`,
  ];
}

/** Warnings about the template: always of a new object, else when its generation rises. */
export function templateWarnings(
  next: KubeObject,
  prev: KubeObject | undefined,
  template: PodTemplateSpec | undefined,
  at: FieldPath = FieldPath.of('spec', 'template'),
): string[] {
  if (prev !== undefined && next.metadata?.generation === prev.metadata?.generation) return [];
  return podTemplateWarnings(template, at);
}
