/**
 * What a controller is: a name and a setup that names the informers it reads, hangs handlers on
 * them and starts queues. The runtime starts the queues' workers once the informers are synced.
 */
import type { Client, Resource } from '../client/client.ts';
import type { EventRecorder } from '../client/events.ts';
import type { Informer, InformerOptions } from '../client/informer.ts';
import type { Log } from '../client/log.ts';
import type { WorkQueue } from '../client/work-queue.ts';
import type { Clock } from '../machinery/meta/clock.ts';
import type { KubeObject } from '../machinery/schema/wire.ts';
import type { ControllerManagerOptions } from './options.ts';

/** What a reconcile may ask for: to be called for the key again after a while. */
export interface Requeue {
  readonly requeueAfterMs: number;
}

/**
 * Brings one object towards what it asks for. Level-triggered: it reads the present state from
 * caches, so it may be called any time and any number of times. A throw means: again, later.
 */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<Requeue | undefined>;

export interface QueueOptions {
  /** For metrics and logs; the controller's name when left out. */
  readonly name?: string;
  /** Keys worked on at the same time. */
  readonly workers: number;
  readonly reconcile: Reconcile;
  readonly baseDelayMs?: number;
  readonly maxDelayMs?: number;
}

/** What a controller is given. */
export interface ControllerContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly options: ControllerManagerOptions;
  /** Records events under a component name, such as `replicaset-controller`. */
  recorder(component: string): EventRecorder;
  /** The process's shared informer; the controller's workers wait until it is synced. */
  informer<T extends KubeObject>(resource: Resource<T>, options?: InformerOptions<T>): Informer<T>;
  /** An informer of all objects of the kind that another controller asked for, if one did. */
  existingInformer<T extends KubeObject>(resource: Resource<T>): Informer<T> | undefined;
  queue(options: QueueOptions): WorkQueue;
  /** Runs after the informers are synced, until the signal aborts. */
  background(name: string, run: (signal: AbortSignal) => Promise<void>): void;
  /** Calls after sync and then each `ms`, never twice at a time. Failures are logged. */
  every(name: string, ms: number, call: (signal: AbortSignal) => Promise<void>): void;
}

export interface Controller {
  /** The name that `--controllers` knows. */
  readonly name: string;
  /** Names of old, which `--controllers` knows too. */
  readonly aliases: readonly string[];
  /**
   * Its service account in kube-system, whose rights it has under
   * --use-service-account-credentials; left out: it always acts as the manager itself.
   */
  readonly serviceAccount?: string;
  /** Why it cannot run with these options; undefined when it can. */
  readonly missing?: (options: ControllerManagerOptions) => string | undefined;
  /** Registers; starts nothing by itself. */
  readonly setup: (context: ControllerContext) => void | Promise<void>;
}

/** Marks a controller's declaration; see `controllers.ts` for the list. */
export function defineController(controller: Controller): Controller {
  return controller;
}
