/**
 * Admission: what may change or refuse a write after authorization and before validation.
 * One file per plugin; `plugins.ts` lists them in the order of the real server, which is the order
 * they run in whatever the flags' order is.
 */
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { AccessAttributes } from '../auth/authorizer.ts';
import type { ResourceAccess, UserInfo } from '../registry/resource.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

export interface AdmissionAttributes {
  readonly operation: Operation;
  /** What the request asks for: `update` or `patch` where the operation is UPDATE. */
  readonly verb?: string;
  readonly group: string;
  readonly version: string;
  /** Plural. */
  readonly resource: string;
  readonly subresource: string;
  readonly kind: string;
  readonly namespace: string;
  /** '' when the server is to generate it. */
  readonly name: string;
  /** The new object; `admit` changes it in place (normal form). Absent for DELETE. */
  readonly object: KubeObject | undefined;
  /** What is stored, for UPDATE and DELETE: read-only. */
  readonly oldObject: KubeObject | undefined;
  /** CreateOptions, UpdateOptions or DeleteOptions as sent. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly dryRun: boolean;
  readonly user: UserInfo;
  warn(text: string): void;
  /** Adds to what the audit log tells of the request; undefined: it tells nothing. */
  annotate?(key: string, value: string): void;
}

/** A plugin; it refuses by throwing a StatusError (usually `forbidden`). */
export interface AdmissionPlugin {
  readonly name: string;
  handles(attributes: AdmissionAttributes): boolean;
  /** Mutating phase. */
  admit?(attributes: AdmissionAttributes): Promise<void> | void;
  /** Validating phase: after the object's own validation. */
  validate?(attributes: AdmissionAttributes): Promise<void> | void;
}

/** What plugins are built from. */
export interface AdmissionEnvironment {
  readonly access: ResourceAccess;
  /** Resolves when reads of `access` are as fresh as a quorum read made now. */
  fresh(): Promise<void>;
  /** The API server's clock, in milliseconds. */
  now(): number;
  /** Resolves after that time. */
  wait(ms: number): Promise<void>;
  authorize(attributes: AccessAttributes): Promise<boolean>;
  /** The resources that serve a kind in one version (`apps/v1`); several, or none. */
  resourcesOf(apiVersion: string, kind: string): readonly ResourceName[];
}

/** How requests name a resource. */
export interface ResourceName {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface Admission {
  admit(attributes: AdmissionAttributes): Promise<void>;
  validate(attributes: AdmissionAttributes): Promise<void>;
}

/** Runs plugins in order; both phases stop at the first refusal. */
export function createAdmission(plugins: readonly AdmissionPlugin[]): Admission {
  const admitting = plugins.filter((p) => p.admit !== undefined);
  const validating = plugins.filter((p) => p.validate !== undefined);
  return {
    async admit(a) {
      for (const p of admitting) {
        if (!p.handles(a)) continue;
        const done = p.admit!(a);
        if (done instanceof Promise) await done;
      }
    },
    async validate(a) {
      for (const p of validating) {
        if (!p.handles(a)) continue;
        const done = p.validate!(a);
        if (done instanceof Promise) await done;
      }
    },
  };
}
