/** The order nodes are looked at: zones take turns, so that a partial search spreads over them. */
import type { Node } from '../../machinery/schema/wire.ts';

/** Region and zone of a node as one text; '' when it has neither. */
export function zoneKey(node: Node): string {
  const labels = node.metadata?.labels ?? {};
  const region =
    labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'];
  const zone =
    labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'];
  if (!region && !zone) return '';
  return `${region ?? ''}:\0:${zone ?? ''}`;
}

/** Nodes by zone, in the order they were added. */
export class NodeOrder {
  readonly #zones = new Map<string, string[]>();

  add(node: Node): void {
    const zone = zoneKey(node);
    const name = node.metadata?.name ?? '';
    const names = this.#zones.get(zone);
    if (names === undefined) this.#zones.set(zone, [name]);
    else if (!names.includes(name)) names.push(name);
  }

  remove(node: Node): void {
    const zone = zoneKey(node);
    const names = this.#zones.get(zone);
    const at = names?.indexOf(node.metadata?.name ?? '') ?? -1;
    if (names === undefined || at < 0) return;
    names.splice(at, 1);
    if (names.length === 0) this.#zones.delete(zone);
  }

  /** One node of each zone in turn until all are listed. */
  list(): string[] {
    const zones = [...this.#zones.values()];
    const longest = Math.max(0, ...zones.map((names) => names.length));
    const result: string[] = [];
    for (let i = 0; i < longest; i++) {
      for (const names of zones) if (i < names.length) result.push(names[i]!);
    }
    return result;
  }
}
