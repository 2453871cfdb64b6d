/**
 * The rules of Events. Objects come in the core form; what is asked of them depends on the version
 * that the client speaks: events.k8s.io/v1 is strict.
 */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { byteLength, isDns1123Subdomain } from '../../../machinery/meta/names.ts';
import type { CoreEvent } from '../../../machinery/schema/wire.ts';
import { invalidFor, validateQualifiedName } from '../core/field-checks.ts';
import { internalForm } from '../internal-form.ts';

const shortLimit = 128;
const messageLimit = 1024;

/** `requestVersion`: the group version of the request where it is not v1. */
export function validateEvent(event: CoreEvent, requestVersion: string | undefined): FieldError[] {
  const errors = validateForAll(event, requestVersion);
  if (requestVersion === undefined) return errors;
  const name = event.metadata?.name ?? '';
  errors.push(
    ...invalidFor(FieldPath.of('metadata', 'name'), name, isDns1123Subdomain(name)),
    ...validateSeries(event),
  );
  if (!event.eventTime) errors.push(required(FieldPath.of('eventTime')));
  if (event.type !== 'Normal' && event.type !== 'Warning') {
    errors.push(withoutText('type', `has invalid value: ${event.type ?? ''}`));
  }
  for (const field of ['firstTimestamp', 'lastTimestamp', 'count'] as const) {
    if (event[field]) errors.push(withoutText(field, 'needs to be unset'));
  }
  if (event.source?.component || event.source?.host) {
    errors.push(withoutText('source', 'needs to be unset'));
  }
  return errors;
}

/** Through events.k8s.io/v1 only the series can change. */
export function validateEventUpdate(
  next: CoreEvent,
  prev: CoreEvent,
  requestVersion: string | undefined,
): FieldError[] {
  const errors = validateForAll(next, requestVersion);
  if (requestVersion === undefined) return errors;
  if (!deepEqual(next.series, prev.series)) errors.push(...validateSeries(next));
  const unchanged = (field: keyof CoreEvent, path: string = field, typeId?: string) => {
    const value = next[field];
    if (deepEqual(zeroAsUnset(value), zeroAsUnset(prev[field]))) return;
    const shown =
      typeId !== undefined && typeof value === 'object' ? internalForm(typeId, value) : value;
    errors.push(invalidValue(FieldPath.of(path), shown ?? null, 'field is immutable'));
  };
  unchanged('involvedObject', 'involvedObject', 'core/v1.ObjectReference');
  unchanged('reason');
  unchanged('message');
  unchanged('source', 'source', 'core/v1.EventSource');
  unchanged('firstTimestamp');
  unchanged('lastTimestamp');
  unchanged('count');
  // The real server looks at it twice.
  unchanged('reason');
  unchanged('type');
  unchanged('eventTime');
  unchanged('action');
  unchanged('related', 'related', 'core/v1.ObjectReference');
  unchanged('reportingComponent', 'reportingController');
  unchanged('reportingInstance');
  return errors;
}

/** A zero and an empty text stand for absent. */
function zeroAsUnset(value: unknown): unknown {
  return value === 0 || value === '' ? undefined : value;
}

function validateForAll(event: CoreEvent, requestVersion: string | undefined): FieldError[] {
  const namespace = event.metadata?.namespace ?? '';
  const about = event.involvedObject?.namespace ?? '';
  const errors: FieldError[] = [];
  const allowed = event.eventTime ? ['default', 'kube-system'] : ['', 'default'];
  const mismatch =
    about === '' ? !allowed.includes(namespace) : !event.eventTime && namespace !== about;
  if (mismatch) {
    const at = FieldPath.of('involvedObject', 'namespace');
    errors.push(invalidValue(at, about, 'does not match event.namespace'));
  }
  if (event.eventTime) errors.push(...validateReport(event, requestVersion));
  const namespaceAt = FieldPath.of('namespace');
  return [...errors, ...invalidFor(namespaceAt, namespace, isDns1123Subdomain(namespace))];
}

/** What events that carry a time of their own must say. */
function validateReport(event: CoreEvent, requestVersion: string | undefined): FieldError[] {
  const { reportingComponent: controller = '', reportingInstance = '', action = '' } = event;
  const { reason = '', message = '' } = event;
  const controllerAt = FieldPath.of(
    requestVersion === undefined ? 'reportingComponent' : 'reportingController',
  );
  const errors = controller === '' ? [required(controllerAt)] : [];
  errors.push(...validateQualifiedName(controller, controllerAt));
  for (const [field, value] of Object.entries({ reportingInstance, action, reason })) {
    if (value === '') errors.push(required(FieldPath.of(field)));
    if (byteLength(value) > shortLimit) errors.push(tooManyCharacters(field, shortLimit));
  }
  if (byteLength(message) > messageLimit) errors.push(tooManyCharacters('message', messageLimit));
  return errors;
}

function validateSeries(event: CoreEvent): FieldError[] {
  const { series } = event;
  if (series === undefined) return [];
  const errors: FieldError[] = [];
  if ((series.count ?? 0) < 2) errors.push(withoutText('series.count', 'should be at least 2'));
  if (!series.lastObservedTime) errors.push(required(FieldPath.of('series.lastObservedTime')));
  return errors;
}

function tooManyCharacters(field: string, limit: number): FieldError {
  return withoutText(field, `can have at most ${limit} characters`);
}

/** The real server shows an empty text for these values. */
function withoutText(field: string, detail: string): FieldError {
  return invalidValue(FieldPath.of(field), '', detail);
}
