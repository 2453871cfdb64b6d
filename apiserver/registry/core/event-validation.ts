/** Checks of events: lenient through the core API, strict through events.k8s.io/v1. */
import {
  type FieldError,
  FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { byteLength, isDns1123Subdomain } from '../../../machinery/meta/names.ts';
import {
  validateImmutableField,
  validateKubeObjectMetaUpdate,
} from '../../../machinery/meta/object-meta-validation.ts';
import { parseTime } from '../../../machinery/meta/times.ts';
import type { CoreEvent } from '../../../machinery/schema/wire.ts';
import { internalForm } from '../internal-form.ts';
import type { WriteContext } from '../resource.ts';
import { invalidFor, validateMetaAgain, validateQualifiedName } from './field-checks.ts';

const maxReportingInstance = 128;
const maxAction = 128;
const maxReason = 128;
const maxNote = 1024;

/** A request through events.k8s.io/v1. */
function isStrict(ctx: WriteContext): boolean {
  return ctx.requestVersion === 'events.k8s.io/v1';
}

/** Problems of a new event. */
export function validateEvent(event: CoreEvent, ctx: WriteContext): FieldError[] {
  const errors = validateLenient(event, ctx);
  if (!isStrict(ctx)) return errors;
  errors.push(...validateMetaAgain(event), ...validateSeries(event));
  if (!event.eventTime) errors.push(required(FieldPath.of('eventTime')));
  if (event.type !== 'Normal' && event.type !== 'Warning') {
    errors.push(invalidValue(FieldPath.of('type'), '', `has invalid value: ${event.type ?? ''}`));
  }
  const unset = (name: string, set: boolean): void => {
    if (set) errors.push(invalidValue(FieldPath.of(name), '', 'needs to be unset'));
  };
  unset('firstTimestamp', Boolean(event.firstTimestamp));
  unset('lastTimestamp', Boolean(event.lastTimestamp));
  unset('count', Boolean(event.count));
  unset('source', Boolean(event.source?.component || event.source?.host));
  return errors;
}

/** Problems of a change. */
export function validateEventChange(
  next: CoreEvent,
  prev: CoreEvent,
  ctx: WriteContext,
): FieldError[] {
  const errors = validateLenient(next, ctx);
  if (!isStrict(ctx)) return errors;
  errors.push(...validateKubeObjectMetaUpdate(next.metadata ?? {}, prev.metadata ?? {}));
  if (JSON.stringify(next.series) !== JSON.stringify(prev.series)) {
    errors.push(...validateSeries(next));
  }
  const fixed = (name: string, now: unknown, before: unknown): void => {
    errors.push(...validateImmutableField(now, before, FieldPath.of(name)));
  };
  const object = (o: CoreEvent['related']) =>
    o === undefined ? undefined : internalForm('core/v1.ObjectReference', o);
  const source = (e: CoreEvent) => internalForm('core/v1.EventSource', e.source ?? {});
  fixed('involvedObject', object(next.involvedObject), object(prev.involvedObject));
  fixed('reason', next.reason ?? '', prev.reason ?? '');
  fixed('message', next.message ?? '', prev.message ?? '');
  fixed('source', source(next), source(prev));
  fixed('firstTimestamp', next.firstTimestamp ?? null, prev.firstTimestamp ?? null);
  fixed('lastTimestamp', next.lastTimestamp ?? null, prev.lastTimestamp ?? null);
  fixed('count', next.count ?? 0, prev.count ?? 0);
  fixed('reason', next.reason ?? '', prev.reason ?? '');
  fixed('type', next.type ?? '', prev.type ?? '');
  if (microseconds(next.eventTime) !== microseconds(prev.eventTime)) {
    fixed('eventTime', next.eventTime ?? null, prev.eventTime ?? null);
  }
  fixed('action', next.action ?? '', prev.action ?? '');
  fixed('related', object(next.related), object(prev.related));
  fixed('reportingController', next.reportingComponent ?? '', prev.reportingComponent ?? '');
  fixed('reportingInstance', next.reportingInstance ?? '', prev.reportingInstance ?? '');
  return errors;
}

/** Finer parts may get lost on the way through a client. */
function microseconds(time: string | null | undefined): string {
  if (!time) return '';
  const fraction = /\.(\d{1,6})/.exec(time)?.[1] ?? '';
  return `${Math.floor(parseTime(time) / 1000)}.${fraction.padEnd(6, '0')}`;
}

function validateSeries(event: CoreEvent): FieldError[] {
  const series = event.series;
  if (series === undefined) return [];
  const errors: FieldError[] = [];
  if ((series.count ?? 0) < 2) {
    errors.push(invalidValue(FieldPath.of('series.count'), '', 'should be at least 2'));
  }
  if (!series.lastObservedTime) errors.push(required(FieldPath.of('series.lastObservedTime')));
  return errors;
}

function validateLenient(event: CoreEvent, ctx: WriteContext): FieldError[] {
  const namespace = event.metadata?.namespace ?? '';
  const errors = event.eventTime
    ? validateNewStyle(event, namespace, isStrict(ctx))
    : validateOldStyle(event, namespace);
  const problems = isDns1123Subdomain(namespace);
  return [...errors, ...invalidFor(FieldPath.of('namespace'), namespace, problems)];
}

function mismatch(value: string): FieldError {
  const path = FieldPath.of('involvedObject', 'namespace');
  return invalidValue(path, value, 'does not match event.namespace');
}

/** Events of objects without a namespace stand in `default`. */
function validateOldStyle(event: CoreEvent, namespace: string): FieldError[] {
  const involved = event.involvedObject?.namespace ?? '';
  const fits =
    involved === '' ? namespace === '' || namespace === 'default' : involved === namespace;
  return fits ? [] : [mismatch(involved)];
}

function validateNewStyle(event: CoreEvent, namespace: string, strict: boolean): FieldError[] {
  const involved = event.involvedObject?.namespace ?? '';
  const errors: FieldError[] = [];
  if (involved === '' && namespace !== 'default' && namespace !== 'kube-system') {
    errors.push(mismatch(involved));
  }
  const controller = event.reportingComponent ?? '';
  const at = FieldPath.of(strict ? 'reportingController' : 'reportingComponent');
  if (controller === '') errors.push(required(at));
  errors.push(...validateQualifiedName(controller, at));
  const text = (name: string, value: string, max: number, needed = true): void => {
    const path = FieldPath.of(name);
    if (needed && value === '') errors.push(required(path));
    if (byteLength(value) > max) {
      errors.push(invalidValue(path, '', `can have at most ${max} characters`));
    }
  };
  text('reportingInstance', event.reportingInstance ?? '', maxReportingInstance);
  text('action', event.action ?? '', maxAction);
  text('reason', event.reason ?? '', maxReason);
  text('message', event.message ?? '', maxNote, false);
  return errors;
}
