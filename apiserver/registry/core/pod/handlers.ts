/** Probes and lifecycle hooks of containers. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../../machinery/meta/field-error.ts';
import { isHttpHeaderName } from '../../../../machinery/meta/names.ts';
import { validateNonnegative } from '../../../../machinery/meta/object-meta-validation.ts';
import type {
  Lifecycle,
  LifecycleHandler,
  PodSpec,
  Probe,
} from '../../../../machinery/schema/wire.ts';
import { invalidFor, validateOneOf, validatePortNumberOrName } from '../field-checks.ts';
import type { AnyContainer } from './pod-walk.ts';
import { stopSignals, windowsStopSignals } from './stop-signals.ts';

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> &
  Pick<LifecycleHandler, 'sleep'>;

/** The three probes of a container. */
export function validateProbes(container: AnyContainer, at: FieldPath): FieldError[] {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  const errors = validateProbe(livenessProbe, at.child('livenessProbe'), true);
  errors.push(...validateProbe(readinessProbe, at.child('readinessProbe'), false));
  if (readinessProbe?.terminationGracePeriodSeconds !== undefined) {
    const path = at.child('readinessProbe', 'terminationGracePeriodSeconds');
    const text = 'must not be set for readinessProbes';
    errors.push(invalidValue(path, readinessProbe.terminationGracePeriodSeconds, text));
  }
  errors.push(...validateProbe(startupProbe, at.child('startupProbe'), true));
  return errors;
}

const probeNumbers = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

function validateProbe(probe: Probe | undefined, at: FieldPath, once: boolean): FieldError[] {
  if (probe === undefined) return [];
  const { exec, httpGet, tcpSocket, grpc } = probe;
  const handler = { exec, httpGet, tcpSocket, grpc } as Handler;
  const errors = validateHandler(handler, undefined, at);
  for (const name of probeNumbers) {
    errors.push(...validateNonnegative(probe[name] ?? 0, at.child(name)));
  }
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && grace <= 0) {
    const path = at.child('terminationGracePeriodSeconds');
    errors.push(invalidValue(path, grace, 'must be greater than 0'));
  }
  if (once && (probe.successThreshold ?? 0) !== 1) {
    const path = at.child('successThreshold');
    errors.push(invalidValue(path, probe.successThreshold ?? 0, 'must be 1'));
  }
  return errors;
}

/** Hooks and stop signal; `graceSeconds` is the pod's grace period. */
export function validateLifecycle(
  lifecycle: Lifecycle | undefined,
  graceSeconds: number | undefined,
  os: PodSpec['os'],
  at: FieldPath,
): FieldError[] {
  if (lifecycle === undefined) return [];
  const errors: FieldError[] = [];
  for (const name of ['postStart', 'preStop'] as const) {
    const hook = lifecycle[name];
    if (hook !== undefined) errors.push(...validateHandler(hook, graceSeconds, at.child(name)));
  }
  if (lifecycle.stopSignal !== undefined) {
    errors.push(...validateStopSignal(lifecycle.stopSignal, os, at.child('stopSignal')));
  }
  return errors;
}

function validateStopSignal(signal: string, os: PodSpec['os'], at: FieldPath): FieldError[] {
  if (os === undefined) {
    return [forbiddenField(at, 'may not be set for containers with empty `spec.os.name`')];
  }
  if (os.name === 'windows') return validateOneOf(signal, windowsStopSignals, at);
  return os.name === 'linux' ? validateOneOf(signal, stopSignals, at) : [];
}

function validateHandler(
  handler: Handler,
  graceSeconds: number | undefined,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  let found = 0;
  const one = <T>(
    name: string,
    value: T | undefined,
    check: (v: T, p: FieldPath) => FieldError[],
  ) => {
    if (value === undefined) return;
    const path = at.child(name);
    if (found++ === 0) errors.push(...check(value, path));
    else errors.push(forbiddenField(path, 'may not specify more than 1 handler type'));
  };
  one('exec', handler.exec, (exec, p) =>
    (exec.command ?? []).length === 0 ? [required(p.child('command'))] : [],
  );
  one('httpGet', handler.httpGet, validateHttpGet);
  one('tcpSocket', handler.tcpSocket, (tcp, p) =>
    validatePortNumberOrName(tcp.port, p.child('port')),
  );
  one('grpc', handler.grpc, (grpc, p) => validatePortNumberOrName(grpc.port, p.child('port')));
  one('sleep', handler.sleep, (sleep, p) => validateSleep(sleep.seconds ?? 0, graceSeconds, p));
  if (found === 0) errors.push(required(at, 'must specify a handler type'));
  return errors;
}

const schemes = ['HTTP', 'HTTPS'];

function validateHttpGet(http: NonNullable<Probe['httpGet']>, at: FieldPath): FieldError[] {
  const errors = http.path ? [] : [required(at.child('path'))];
  errors.push(...validatePortNumberOrName(http.port, at.child('port')));
  const scheme = http.scheme ?? '';
  if (!schemes.includes(scheme)) errors.push(notSupported(at.child('scheme'), scheme, schemes));
  for (const { name } of http.httpHeaders ?? []) {
    errors.push(...invalidFor(at.child('httpHeaders'), name ?? '', isHttpHeaderName(name ?? '')));
  }
  return errors;
}

function validateSleep(
  seconds: number,
  graceSeconds: number | undefined,
  at: FieldPath,
): FieldError[] {
  if (graceSeconds === undefined || (seconds >= 0 && seconds <= graceSeconds)) return [];
  const text = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
  return [invalidValue(at, seconds, text)];
}
