/**
 * Admission: what may change or refuse a write after authorization and before validation.
 * One file per plugin; `plugins.ts` lists them in the order of the real server, which is the order
 * they run in whatever the flags' order is.
 */
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { AccessAttributes, Decision } from '../auth/authorizer.ts';
import type { MetricRegistry } from '../metrics/registry.ts';
import type { ResourceAccess, UserInfo } from '../registry/resource.ts';
import { checkedManagedFields } from './managed-fields-check.ts';
import { Reinvocation } from './reinvocation.ts';
import type { ResourceForms } from './resource-forms.ts';

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
  /** Of the object: a subresource may have its own (`Scale`, `PodExecOptions`). */
  readonly kind: string;
  /** Group version of that kind where it is not the resource's: `autoscaling/v1` of a Scale. */
  readonly kindVersion?: string;
  readonly namespace: string;
  /** '' when the server is to generate it. */
  readonly name: string;
  /** The new object; `admit` changes it in place (normal form). Absent for DELETE. */
  readonly object: KubeObject | undefined;
  /** What is stored, for UPDATE and DELETE: read-only. */
  readonly oldObject: KubeObject | undefined;
  /** What was sent of CreateOptions, UpdateOptions or DeleteOptions; see requestOptions. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly dryRun: boolean;
  readonly user: UserInfo;
  /** When it has to be done, by the process's own clock; undefined: there is no limit. */
  readonly deadlineMs?: number;
  /** Calls back when its client goes away, until told to forget it. */
  onGone?(run: () => void): () => void;
  warn(text: string): void;
  /**
   * Adds to what the audit log tells of the request; undefined: it tells nothing. `level`: told
   * from that level on.
   */
  annotate?(key: string, value: string, level?: 'Metadata' | 'Request'): void;
  /** Set by who runs the mutating phase. */
  reinvocation?: Reinvocation;
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
  /** What the authorizers say, with their reasons. */
  decide(attributes: AccessAttributes): Promise<Decision> | Decision;
  /** The resources that serve a kind in one version (`apps/v1`); several, or none. */
  resourcesOf(apiVersion: string, kind: string): readonly ResourceName[];
  /** The group versions in which a resource can be seen. */
  readonly forms: ResourceForms;
  /** The present objects of a resource, for who keeps what was made of them. */
  watched<T extends KubeObject>(resource: string): WatchedObjects<T>;
  /** An object as the watch cache has it; it is shared: do not change. */
  present<T extends KubeObject>(resource: string, namespace: string, name: string): T | undefined;
  /** Where plugins put metrics of theirs. */
  readonly metrics: MetricRegistry;
}

/** Objects of the watch cache; they are shared: do not change. */
export interface WatchedObjects<T extends KubeObject> {
  /** Changes whenever one of them does. */
  readonly revision: number;
  readonly count: number;
  /** Sorted by name. */
  list(): readonly T[];
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

/**
 * Runs plugins in order; both phases stop at the first refusal. When a plugin of the mutating phase
 * asks for it, all of the phase run once more.
 */
export function createAdmission(plugins: readonly AdmissionPlugin[]): Admission {
  const admitting = plugins.filter((p) => p.admit !== undefined);
  const validating = plugins.filter((p) => p.validate !== undefined);
  const admitOnce = async (a: AdmissionAttributes) => {
    for (const p of admitting) {
      if (!p.handles(a)) continue;
      const done = p.admit!(a);
      if (done instanceof Promise) await done;
    }
  };
  return {
    async admit(a) {
      const reinvocation = new Reinvocation();
      a.reinvocation = reinvocation;
      const managed = a.object?.metadata?.managedFields;
      await admitOnce(a);
      if (reinvocation.wanted) {
        reinvocation.begin();
        await admitOnce(a);
      }
      checkedManagedFields(a, managed);
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
