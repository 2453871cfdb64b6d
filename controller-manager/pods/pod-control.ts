/** Creates and deletes pods for an owner and records it, with the words of kubectl describe. */
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import { pods } from '../../client/resources.ts';
import { isDns1123Subdomain } from '../../machinery/meta/names.ts';
import { hasReason, StatusError } from '../../machinery/meta/status-error.ts';
import type {
  KubeObject,
  OwnerReference,
  Pod,
  PodTemplateSpec,
} from '../../machinery/schema/wire.ts';

/** The pod of a template, owned by `owner`. The template's parts are shared, not copied. */
export function podFromTemplate(
  template: PodTemplateSpec,
  parent: KubeObject,
  owner: OwnerReference,
): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const { namespace, name = '' } = parent.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: podPrefix(name),
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [owner],
    },
    ...(template.spec === undefined ? {} : { spec: template.spec }),
  };
}

/** `name-`, or the bare name where the dash would make it too long. */
export function podPrefix(name: string): string {
  return isDns1123Subdomain(`${name}-x`).length === 0 ? `${name}-` : name;
}

/** The namespace is being deleted: nothing can be created in it, which is no failure. */
export function isNamespaceTerminating(e: unknown): boolean {
  return (
    e instanceof StatusError &&
    e.details?.causes?.some((c) => c.reason === 'NamespaceTerminating') === true
  );
}

export class PodControl {
  private readonly client: Client;
  private readonly recorder: EventRecorder;

  constructor(client: Client, recorder: EventRecorder) {
    this.client = client;
    this.recorder = recorder;
  }

  /** Creates a pod and records it with the owner. Throws what the server answers. */
  async create(pod: Pod, owner: KubeObject, signal: AbortSignal): Promise<Pod> {
    if (Object.keys(pod.metadata?.labels ?? {}).length === 0) {
      throw new Error('unable to create pods, no labels');
    }
    try {
      const made = await this.client.create(pods, pod, { signal });
      this.recorder.event(
        owner,
        'Normal',
        'SuccessfulCreate',
        `Created pod: ${made.metadata?.name}`,
      );
      return made;
    } catch (e) {
      if (!isNamespaceTerminating(e) && !signal.aborted) {
        const text = `Error creating: ${e instanceof Error ? e.message : String(e)}`;
        this.recorder.event(owner, 'Warning', 'FailedCreate', text);
      }
      throw e;
    }
  }

  /** Deletes a pod and records it with the owner. Throws NotFound when it is gone already. */
  async delete(pod: Pod, owner: KubeObject, signal: AbortSignal): Promise<void> {
    const { namespace, name = '' } = pod.metadata ?? {};
    try {
      await this.client.delete(pods, { namespace, name }, { signal });
      this.recorder.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
    } catch (e) {
      if (hasReason(e, 'NotFound') || signal.aborted) throw e;
      const message = e instanceof Error ? e.message : String(e);
      this.recorder.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${message}`);
      throw new Error(`unable to delete pods: ${message}`, { cause: e });
    }
  }
}
