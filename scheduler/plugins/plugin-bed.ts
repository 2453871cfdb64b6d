/** Runs one plugin over a small world, for table tests. */
import type { Client } from '../../client/client.ts';
import { FakeClient } from '../../client/fake-client.ts';
import { FakeClock } from '../../client/fake-clock.ts';
import { Store } from '../../client/store.ts';
import type { KubeObject, Node, Pod } from '../../machinery/schema/wire.ts';
import { Cache } from '../cache/cache.ts';
import { PodInfo } from '../cache/pod-info.ts';
import { CycleState } from '../cycle-state.ts';
import type { Handle } from '../framework.ts';
import type { Lister, Listers } from '../listers.ts';
import { Profile } from '../profile.ts';
import { Nominator } from '../queue/nominator.ts';
import { Status } from '../status.ts';
import { plugins } from './plugins.ts';

/** What there is besides the pod in question. */
export interface World {
  readonly nodes: readonly Node[];
  /** Pods on nodes. */
  readonly pods?: readonly Pod[];
  /** Other objects by lister. */
  readonly objects?: { readonly [K in keyof Listers]?: readonly KubeObject[] };
}

/** What a plugin says: reasons by node ('' fits), and final scores by node. */
export interface Judgement {
  readonly preFilter: string;
  readonly reasons: Record<string, string>;
  readonly scores: Record<string, number>;
}

function handleFor(world: World): Handle {
  const cache = new Cache();
  for (const node of world.nodes) cache.addNode(node);
  for (const pod of world.pods ?? []) cache.addPod(pod);
  const listers = new Proxy({} as Record<string, Lister<KubeObject>>, {
    get(made, name: keyof Listers & string) {
      if (made[name] === undefined) {
        const store = new Store<KubeObject>();
        for (const object of world.objects?.[name] ?? []) store.set(object);
        made[name] = store;
      }
      return made[name];
    },
  }) as unknown as Listers;
  const client: Client = new FakeClient();
  const unused = () => {
    throw new Error('not part of this test');
  };
  return {
    cache,
    listers,
    nominations: new Nominator(),
    client,
    clock: new FakeClock(),
    recordEvent: () => {},
    random: () => 0,
    filterNode: unused,
    filterWithNominated: unused,
    addPod: unused,
    removePod: unused,
    activate: unused,
    rejectWaiting: unused,
    observePreemption: unused,
    background: unused,
  };
}

/** Filters and scores every node by one plugin alone. */
export function judge(name: string, args: unknown, world: World, pod: Pod): Judgement {
  const handle = handleFor(world);
  const plugin = plugins[name]!(args, handle);
  const lists = new Proxy({} as Profile['lists'], {
    get: (_target, point: string) => (plugin[point as keyof typeof plugin] ? [plugin] : []),
  });
  const profile = new Profile('test', lists, new Map(), handle.nominations);
  const info = new PodInfo(pod);
  const state = new CycleState();
  const nodes = handle.cache.nodes;
  const pre = profile.runPreFilters(state, info, nodes);
  const reasons: Record<string, string> = {};
  if (pre.status === undefined) {
    for (const node of nodes) {
      const status = profile.runFilters(state, info, node);
      const sure = status?.code === 'UnschedulableAndUnresolvable' ? '!' : '';
      reasons[node.name] = status === undefined ? '' : `${status.message}${sure}`;
    }
  }
  const scores: Record<string, number> = {};
  profile.runPreScores(state, info, nodes);
  const totals = profile.runScores(state, info, nodes);
  nodes.forEach((node, i) => {
    scores[node.name] = totals[i]!;
  });
  const named = pre.nodeNames === undefined ? '' : `only ${[...pre.nodeNames].join()}`;
  return { preFilter: pre.status instanceof Status ? pre.status.message : named, reasons, scores };
}
