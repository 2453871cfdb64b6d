/** Finds what a quota counts: from the informers there are, else from ones started for it. */
import type { Resource } from '../../client/client.ts';
import { type Discovery, discover } from '../../client/discovery.ts';
import type { Informer } from '../../client/informer.ts';
import {
  deviceClasses,
  persistentVolumeClaims,
  pods,
  resourceClaims,
  services,
} from '../../client/resources.ts';
import { type Amounts, addAmounts, sameAmounts } from '../../machinery/quota/amounts.ts';
import { mayCountClaims, resourceClaimEvaluator } from '../../machinery/quota/device-claims.ts';
import {
  claimEvaluator,
  countEvaluator,
  countedKind,
  isCharged,
  podEvaluator,
  type QuotaEvaluator,
  serviceEvaluator,
  sumUsage,
} from '../../machinery/quota/evaluators.ts';
import { podLimits, podRequests } from '../../machinery/quota/pod-resources.ts';
import {
  isTerminating,
  scopeRequirements,
  volumeAttributesClasses,
} from '../../machinery/quota/scopes.ts';
import type {
  KubeObject,
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  Service,
} from '../../machinery/schema/wire.ts';
import type { ControllerContext } from '../controller.ts';

/** The names of old for counts of core kinds. */
const aliased = ['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets'];

interface Source {
  readonly evaluator: QuotaEvaluator;
  readonly informer: Informer<KubeObject>;
}

/** Told when an object went, or changed in a way that may free something. */
export type Freed = (evaluator: QuotaEvaluator, namespace: string) => void;

export class QuotaUsage {
  private readonly context: ControllerContext;
  private readonly freed: Freed;
  private readonly sources = new Map<string, Source>();
  private discovery: Discovery | undefined;

  constructor(context: ControllerContext, freed: Freed) {
    this.context = context;
    this.freed = freed;
    const nowMs = (): number => context.clock.now();
    this.add(podEvaluator, context.informer(pods), (old, pod) => podFreed(old, pod, nowMs()));
    this.add(serviceEvaluator, context.informer(services), serviceFreed);
    this.add(claimEvaluator, context.informer(persistentVolumeClaims), claimFreed);
  }

  /**
   * What is used of each resource name in the quota's `hard`. Names that nothing tracks are left
   * out. Resolves when caches that had to be started for it are filled.
   */
  async of(quota: ResourceQuota, signal: AbortSignal): Promise<Amounts> {
    const names = Object.keys(quota.spec?.hard ?? {});
    for (const name of names) await this.prepare(name, signal);
    const scopes = scopeRequirements(quota.spec);
    const namespace = quota.metadata?.namespace ?? '';
    const used: Amounts = new Map();
    for (const { evaluator, informer } of this.sources.values()) {
      if (!names.some((n) => evaluator.tracks(n))) continue;
      await informer.synced(signal);
      const objects = informer.store.list(namespace);
      addAmounts(used, sumUsage(evaluator, objects, names, scopes, this.context.clock.now()));
    }
    return used;
  }

  /** Forgets what the server serves: asked again when a kind is not known. */
  forgetDiscovery(): void {
    this.discovery = undefined;
  }

  private add<T extends KubeObject>(
    evaluator: QuotaEvaluator<T>,
    informer: Informer<T>,
    frees?: (old: T, object: T) => boolean,
  ): void {
    // The evaluator is only ever given objects of its own informer.
    const source = { evaluator, informer } as unknown as Source;
    this.sources.set(idOf(evaluator.group, evaluator.plural), source);
    const tell = (object: T): void =>
      this.freed(source.evaluator, object.metadata?.namespace ?? '');
    informer.addHandler({
      updated(old, object) {
        if (frees?.(old, object) === true) tell(object);
      },
      deleted: tell,
    });
  }

  /** Sees to it that there is a source for a counted name. */
  private async prepare(name: string, signal: AbortSignal): Promise<void> {
    if (mayCountClaims(name)) await this.prepareClaims(signal);
    const kind =
      countedKind(name) ?? (aliased.includes(name) ? { group: '', plural: name } : undefined);
    if (kind === undefined || this.sources.has(idOf(kind.group, kind.plural))) return;
    const evaluator = countEvaluator(kind.group, kind.plural);
    if (evaluator === undefined) return;
    const resource = await this.find(kind.group, kind.plural, signal);
    if (resource === undefined || this.sources.has(idOf(kind.group, kind.plural))) return;
    const { context } = this;
    const informer =
      context.existingInformer(resource) ?? context.informer(resource, { metadataOnly: true });
    this.add(evaluator, informer);
  }

  /** Claims count by their devices, for which the device classes are needed too. */
  private async prepareClaims(signal: AbortSignal): Promise<void> {
    const { group, plural } = resourceClaimEvaluator(() => []);
    const known = (): boolean => this.sources.has(idOf(group, plural));
    if (known() || (await this.find(group, plural, signal)) === undefined) return;
    const classes = this.context.informer(deviceClasses);
    await classes.synced(signal);
    if (known()) return;
    const evaluator = resourceClaimEvaluator(() => classes.store.list());
    this.add(evaluator, this.context.informer(resourceClaims));
  }

  private async find(
    group: string,
    plural: string,
    signal: AbortSignal,
  ): Promise<Resource | undefined> {
    this.discovery ??= await discover(this.context.client, signal);
    const served = this.discovery.resources.find(
      ({ resource: r, verbs }) =>
        r.plural === plural &&
        r.namespaced &&
        (r.apiVersion.includes('/') ? r.apiVersion.split('/')[0] : '') === group &&
        ['create', 'list', 'watch', 'delete'].every((v) => verbs.has(v)),
    );
    return served?.resource;
  }
}

function idOf(group: string, plural: string): string {
  return `${plural}.${group}`;
}

function podFreed(old: Pod, pod: Pod, nowMs: number): boolean {
  if (isTerminating(old) !== isTerminating(pod)) return true;
  if (isCharged(old, nowMs) && !isCharged(pod, nowMs)) return true;
  if (old.status?.containerStatuses === pod.status?.containerStatuses) return false;
  return (
    !sameAmounts(podRequests(old), podRequests(pod)) || !sameAmounts(podLimits(old), podLimits(pod))
  );
}

function serviceFreed(old: Service, service: Service): boolean {
  const counted = (s: Service): string =>
    s.spec?.type === 'NodePort' || s.spec?.type === 'LoadBalancer' ? s.spec.type : '';
  return counted(old) !== counted(service);
}

function claimFreed(old: PersistentVolumeClaim, claim: PersistentVolumeClaim): boolean {
  const storage = (c: PersistentVolumeClaim): string =>
    c.status?.allocatedResources?.['storage'] ?? '';
  const classes = (c: PersistentVolumeClaim): string => volumeAttributesClasses(c).sort().join();
  return storage(old) !== storage(claim) || classes(old) !== classes(claim);
}
