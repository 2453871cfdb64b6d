/** The rules of RuntimeClasses. */
import {
  duplicate,
  type FieldError,
  FieldPath,
  required,
} from '../../../machinery/meta/field-error.ts';
import {
  validateImmutableField,
  validateLabels,
} from '../../../machinery/meta/object-meta-validation.ts';
import type { RuntimeClass } from '../../../machinery/schema/wire.ts';
import { validateDnsLabel } from '../core/field-checks.ts';
import { newTemplateOptions } from '../core/pod/pod-options.ts';
import { validateContainerResources } from '../core/pod/resources.ts';
import { validateTolerations } from '../core/pod/tolerations.ts';
import { internalForm } from '../internal-form.ts';

const handlerPath = FieldPath.of('handler');

export function validateRuntimeClass(next: RuntimeClass): FieldError[] {
  const { handler = '', overhead, scheduling }: Partial<RuntimeClass> = next;
  const errors = handler === '' ? [required(handlerPath)] : validateDnsLabel(handler, handlerPath);
  if (overhead !== undefined) {
    const limits = overhead.podFixed === undefined ? {} : { limits: overhead.podFixed };
    const at = FieldPath.of('overhead');
    errors.push(...validateContainerResources(limits, new Set(), at, newTemplateOptions));
  }
  if (scheduling !== undefined) {
    const at = FieldPath.of('scheduling');
    const tolerationsAt = at.child('tolerations');
    const { nodeSelector, tolerations = [] } = scheduling;
    errors.push(
      ...validateLabels(nodeSelector, at.child('nodeSelector')),
      ...validateTolerations(tolerations, tolerationsAt, newTemplateOptions),
    );
    const seen = new Set<string>();
    for (const [i, t] of tolerations.entries()) {
      const key = JSON.stringify([t.key ?? '', t.operator ?? '', t.value ?? '', t.effect ?? '']);
      if (seen.has(key)) {
        errors.push(duplicate(tolerationsAt.index(i), internalForm('core/v1.Toleration', t)));
      }
      seen.add(key);
    }
  }
  return errors;
}

export function validateRuntimeClassUpdate(next: RuntimeClass, prev: RuntimeClass): FieldError[] {
  return [
    ...validateRuntimeClass(next),
    ...validateImmutableField(next.handler ?? '', prev.handler ?? '', handlerPath),
  ];
}
