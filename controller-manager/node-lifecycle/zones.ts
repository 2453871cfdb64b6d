/**
 * How fast nodes are emptied, zone by zone: where many nodes fail together the fault is likely
 * not theirs, and moving all their pods would make things worse.
 */
import type { Node } from '../../machinery/schema/wire.ts';

export type ZoneState = 'Initial' | 'Normal' | 'PartialDisruption' | 'FullDisruption';

export interface ZoneRates {
  /** Nodes per second. */
  readonly normal: number;
  /** In a large zone that is partly disrupted; a small one stands still. */
  readonly secondary: number;
  /** Nodes above which a zone is large. */
  readonly largeZone: number;
  /** Share of nodes not ready from which a zone counts as disrupted. */
  readonly unhealthyShare: number;
}

/** Region and zone of a node; empty when it has none. */
export function zoneOf(node: Node): string {
  const labels = node.metadata?.labels ?? {};
  const of = (name: string): string =>
    labels[`failure-domain.beta.kubernetes.io/${name}`] ??
    labels[`topology.kubernetes.io/${name}`] ??
    '';
  const [region, zone] = [of('region'), of('zone')];
  return region === '' && zone === '' ? '' : `${region}:\0:${zone}`;
}

/** The state of a zone by its numbers of nodes. */
export function zoneState(ready: number, notReady: number, unhealthyShare: number): ZoneState {
  if (ready === 0 && notReady > 0) return 'FullDisruption';
  const share = notReady / (ready + notReady);
  return notReady > 2 && share >= unhealthyShare ? 'PartialDisruption' : 'Normal';
}

/** Nodes of a zone that wait for their taint, let through at a rate. */
class ZoneQueue {
  state: ZoneState = 'Initial';
  /** Node name to the taint's key. */
  readonly waiting = new Map<string, string>();
  private rate: number;
  private freeAtMs = 0;

  constructor(rate: number) {
    this.rate = rate;
  }

  setRate(rate: number, nowMs: number): void {
    this.rate = rate;
    if (rate > 0) this.freeAtMs = Math.min(this.freeAtMs, nowMs + 1000 / rate);
  }

  /** When the next may pass; undefined when none waits or all are held. */
  nextAtMs(): number | undefined {
    return this.rate > 0 && this.waiting.size > 0 ? this.freeAtMs : undefined;
  }

  take(nowMs: number): [node: string, key: string] | undefined {
    if (this.rate <= 0 || this.freeAtMs > nowMs) return undefined;
    const [first] = this.waiting;
    if (first === undefined) return undefined;
    this.waiting.delete(first[0]);
    this.freeAtMs = nowMs + 1000 / this.rate;
    return first;
  }
}

/** All zones of the cluster. */
export class Zones {
  private readonly rates: ZoneRates;
  private readonly zones = new Map<string, ZoneQueue>();

  constructor(rates: ZoneRates) {
    this.rates = rates;
  }

  /** The node waits for a taint, or for none. */
  want(zone: string, node: string, key: string | undefined): void {
    const queue = this.zone(zone);
    if (key === undefined) queue.waiting.delete(node);
    else queue.waiting.set(node, key);
  }

  /** The node is gone. */
  forget(node: string): void {
    for (const zone of this.zones.values()) zone.waiting.delete(node);
  }

  /** The next node to taint; undefined when none may pass now. */
  take(nowMs: number): [node: string, key: string] | undefined {
    for (const zone of this.zones.values()) {
      const next = zone.take(nowMs);
      if (next !== undefined) return next;
    }
    return undefined;
  }

  /** When `take` will have something, if nothing changes. */
  nextAtMs(): number | undefined {
    const times = [...this.zones.values()].map((z) => z.nextAtMs()).filter((t) => t !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /**
   * Takes in how many nodes are ready and not in each zone. Says whether the whole cluster has
   * just gone silent (all evictions stop) or has just come back.
   */
  observe(
    counts: ReadonlyMap<string, { ready: number; notReady: number }>,
    nowMs: number,
  ): 'silenced' | 'back' | undefined {
    const now = new Map<string, ZoneState>();
    for (const [name, { ready, notReady }] of counts) {
      now.set(name, zoneState(ready, notReady, this.rates.unhealthyShare));
      this.zone(name);
    }
    for (const [name, zone] of [...this.zones]) {
      if (counts.has(name)) continue;
      // Nodes of it that do not count for disruptions may still wait.
      if (zone.waiting.size === 0) this.zones.delete(name);
      else zone.state = 'Initial';
    }
    const counted = [...this.zones].filter(([name]) => counts.has(name));
    const isDown = [...now.values()].every((s) => s === 'FullDisruption');
    const wasDown = counted.every(([, zone]) => zone.state === 'FullDisruption');
    if (isDown && wasDown) return undefined;
    for (const [name, zone] of counted) {
      const state = now.get(name) ?? 'Normal';
      if (!isDown && !wasDown && zone.state === state) continue;
      const { ready = 0, notReady = 0 } = counts.get(name) ?? {};
      zone.setRate(isDown ? 0 : this.rateOf(state, ready + notReady), nowMs);
      zone.state = state;
    }
    return isDown ? 'silenced' : wasDown ? 'back' : undefined;
  }

  private rateOf(state: ZoneState, size: number): number {
    if (state !== 'PartialDisruption') return this.rates.normal;
    return size > this.rates.largeZone ? this.rates.secondary : 0;
  }

  private zone(name: string): ZoneQueue {
    let zone = this.zones.get(name);
    if (zone === undefined) {
      zone = new ZoneQueue(this.rates.normal);
      this.zones.set(name, zone);
    }
    return zone;
  }
}
