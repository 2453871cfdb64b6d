/** Kernel parameters that a pod sets in its own namespaces. */
import {
  duplicate,
  type FieldError,
  type FieldPath,
  invalidValue,
  required,
} from '../../../../machinery/meta/field-error.ts';
import { byteLength } from '../../../../machinery/meta/names.ts';
import type { PodSpec } from '../../../../machinery/schema/wire.ts';
import type { PodValidationOptions } from './pod-options.ts';

const maxLength = 253;
const segment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const namePattern = `^(${segment}[\\./])*${segment}$`;
const validName = new RegExp(namePattern);

/** Names in the IPC namespace, beside all under `fs.mqueue`. */
const ipcNames = new Set([
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
  'kernel.shm',
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.msg',
]);

/** Checks `spec.securityContext.sysctls`. */
export function validateSysctls(
  spec: PodSpec,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, sysctl] of (spec.securityContext?.sysctls ?? []).entries()) {
    const name = sysctl.name ?? '';
    const here = at.index(i).child('name');
    if (name === '') errors.push(required(here));
    else if (!isSysctlName(name)) {
      const text = `must have at most ${maxLength} characters and match regex ${namePattern}`;
      errors.push(invalidValue(here, name, text));
    } else if (seen.has(name)) errors.push(duplicate(here, name));
    const problem = hostSysctlProblem(name, spec);
    if (problem !== undefined && !options.allowHostSysctls) {
      errors.push(invalidValue(here, name, problem));
    }
    seen.add(name);
  }
  return errors;
}

/** A dotted name; segments may hold slashes in place of dots. */
export function isSysctlName(name: string): boolean {
  return byteLength(name) <= maxLength && validName.test(name);
}

/** Why the sysctl would change the node itself, undefined when it does not. */
export function hostSysctlProblem(name: string, spec: PodSpec): string | undefined {
  const namespace = namespaceOf(name);
  if (spec.hostNetwork && namespace === 'net') {
    return "may not be specified when 'hostNetwork' is true";
  }
  if (spec.hostIPC && namespace === 'ipc') return "may not be specified when 'hostIPC' is true";
  return undefined;
}

/** The kernel namespace that a sysctl belongs to. */
function namespaceOf(name: string): 'ipc' | 'net' | undefined {
  const dotted = withDots(name);
  const star = dotted.indexOf('*');
  const known = star < 0 ? dotted : dotted.slice(0, star);
  if (ipcNames.has(known) || known.startsWith('fs.mqueue.')) return 'ipc';
  return known.startsWith('net.') ? 'net' : undefined;
}

/** `net/ipv4/conf/eth0.1/forwarding` is the same as `net.ipv4.conf.eth0/1.forwarding`. */
function withDots(name: string): string {
  if (/[./]/.exec(name)?.[0] !== '/') return name;
  return name.replace(/[./]/g, (c) => (c === '.' ? '/' : '.'));
}
