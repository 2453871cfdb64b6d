/** Stopping leaves nothing behind; starting again finds everything; so does a killed supervisor. */
import assert from 'node:assert/strict';
import { eventually } from '../command.ts';
import { differences, type Inventory } from '../machine.ts';
import type { Scenario } from '../steps.ts';

/** What takes longer is told in detail. */
const slowSeconds = 5;

/** `before`: what the machine had before the cluster's first start. Follows the kills. */
export function stopped(before: Inventory): Scenario {
  return {
    name: 'down and up again',
    async run({ machine, cluster, step, figure }) {
      const kubectl = cluster.kubectl('killed');
      const clean = async () =>
        assert.deepEqual(differences(before, await machine.inventory(cluster.dataDir)), []);
      const uids = async () => {
        const all = 'pods,services,deployments,configmaps --all-namespaces';
        return (await kubectl.field(all, '{.items[*].metadata.uid}')).split(' ').sort();
      };
      const serves = async () => {
        const ip = await kubectl.field('service web', '{.spec.clusterIP}');
        await eventually(async () => machine.fetch(`http://${ip}/`));
      };
      const running = async () => {
        const pods = await kubectl.run(['get', 'pods', '-l', 'app=web']);
        assert.equal(pods.match(/1\/1 +Running/g)?.length, 2, pods);
      };
      let known: string[] = [];
      await step('k8ts down leaves nothing behind', async () => {
        known = await uids();
        const startedMs = performance.now();
        const said = await cluster.down();
        assert.match(said, /stopped/);
        const took = (performance.now() - startedMs) / 1000;
        figure(`down: ${took.toFixed(1)} s`);
        if (took > slowSeconds) console.log(said);
        await clean();
      });
      await step('k8ts up finds the objects; the pods run again and serve', async () => {
        const said = await cluster.up();
        const took = Number(/([\d.]+) s {2}node \S+ Ready/.exec(said)?.[1]);
        figure(`later start: ${took.toFixed(1)} s to node Ready`);
        if (took > slowSeconds) console.log(said);
        assert.deepEqual(await uids(), known);
        await eventually(running, 60_000);
        await serves();
      });
      await step('Ctrl-C leaves nothing behind', async () => {
        await cluster.interrupt();
        await eventually(clean, 3000);
        await cluster.up();
        await eventually(running, 60_000);
      });
      await step('kill -9 of the supervisor: workloads go on', async () => {
        await cluster.kill('supervisor', false);
        await serves();
        await running();
      });
      await step('k8ts up takes over: the same containers run on', async () => {
        const path = '{.items[*].status.containerStatuses[*].containerID}';
        const containers = await kubectl.field('pods -l app=web', path);
        await cluster.up();
        assert.equal(await kubectl.field('pods -l app=web', path), containers);
        await serves();
      });
      await step('kill -9 of everything: k8ts down cleans up', async () => {
        for (const process of ['supervisor', 'containerd', 'node', 'control', 'apiserver']) {
          await cluster.kill(process, false);
        }
        assert.match(await cluster.down(), /nothing of it is left/);
        await clean();
      });
      await step('and the next start finds everything once more', async () => {
        await cluster.up();
        assert.deepEqual(await uids(), known);
        await eventually(running, 60_000);
        await serves();
      });
      await step('without a node: no root needed, no node process', async () => {
        await cluster.down();
        const said = await cluster.up('--no-node');
        assert.match(said, /no node was asked for/);
        assert.deepEqual(await uids(), known);
        await cluster.down();
        await clean();
      });
    },
  };
}
