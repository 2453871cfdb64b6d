/** Why each node was turned down in one cycle. */
import type { NodeInfo } from './cache/node-info.ts';
import type { Status } from './status.ts';

/** Filled while filtering; nodes not looked at share one status. */
export class NodeStatuses {
  readonly #byNode = new Map<string, Status>();
  /** Of nodes that were not looked at one by one. */
  absent: Status | undefined;

  set(node: string, status: Status): void {
    this.#byNode.set(node, status);
  }

  get(node: string): Status | undefined {
    return this.#byNode.get(node) ?? this.absent;
  }

  get size(): number {
    return this.#byNode.size;
  }

  /** The statuses of nodes that were looked at. */
  each(): IterableIterator<[string, Status]> {
    return this.#byNode.entries();
  }

  /** Nodes whose rejection removing pods might lift. */
  resolvable(nodes: readonly NodeInfo[]): NodeInfo[] {
    return nodes.filter((node) => this.get(node.name)?.code === 'Unschedulable');
  }
}
