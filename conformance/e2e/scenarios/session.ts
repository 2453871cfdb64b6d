/** A user's session with kubectl on real containers: apply, look, change, delete. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { eventually } from '../command.ts';
import type { Scenario } from '../steps.ts';

const web = await readFile(new URL('../manifests/web.yaml', import.meta.url), 'utf8');
const greeting = /hello from a config map/;

/** The session with one version of kubectl, in a namespace of its own. */
export function session(namespace: string, client?: string): Scenario {
  return {
    name: `a session with kubectl${client === undefined ? '' : ` at ${client}`}`,
    async run({ machine, cluster, step }) {
      const kubectl = cluster.kubectl(namespace, client);
      const image = () =>
        kubectl.field('deployment web', '{.spec.template.spec.containers[0].image}');
      const rolledOut = () => kubectl.run(['rollout', 'status', 'deployment/web', '--timeout=60s']);
      await step('kubectl create namespace, apply: config map, deployment, service', async () => {
        await kubectl.run(['create', 'namespace', namespace]);
        const said = await kubectl.apply(web);
        assert.match(said, /configmap\/web created\ndeployment\S+ created\nservice\/web created/);
      });
      await step('kubectl rollout status', async () => {
        assert.match(await rolledOut(), /successfully rolled out/);
      });
      await step('kubectl get pods -o wide', async () => {
        const pods = await kubectl.run(['get', 'pods', '-o', 'wide']);
        assert.equal(pods.match(/1\/1 +Running/g)?.length, 2, pods);
        assert.match(pods, /10\.244\.0\.\d+/);
      });
      await step('the service answers by cluster IP and node port', async () => {
        const ip = await kubectl.field('service web', '{.spec.clusterIP}');
        const port = await kubectl.field('service web', '{.spec.ports[0].nodePort}');
        await eventually(async () => {
          assert.match(await machine.fetch(`http://${ip}/`), greeting);
          assert.match(await machine.fetch(`http://${machine.address}:${port}/`), greeting);
        });
      });
      await step('kubectl describe pod: containers, conditions, events', async () => {
        const said = await kubectl.run(['describe', 'pod', '-l', 'app=web']);
        assert.match(said, /Image:\s+nginx:1\.16\.0[\s\S]*Ready\s+True[\s\S]*Events:/);
        for (const reason of ['Scheduled', 'Pulled', 'Created', 'Started']) {
          assert.match(said, new RegExp(`Normal\\s+${reason}`));
        }
      });
      await step('kubectl describe deployment, service, node', async () => {
        const said = await kubectl.run(['describe', 'deployment,service', 'web']);
        assert.match(said, /Replicas:.*2 available[\s\S]*Endpoints:\s+10\.244/);
        assert.match(await kubectl.run(['describe', 'nodes']), /Allocated resources:[\s\S]*cpu/);
      });
      await step('kubectl logs -f follows', async () => {
        const pod = await kubectl.field('pods -l app=web', '{.items[0].metadata.name}');
        const ip = await kubectl.field(`pod ${pod}`, '{.status.podIP}');
        await using logs = kubectl.background('logs', '-f', pod);
        await eventually(async () => {
          await machine.fetch(`http://${ip}/?followed`);
          await logs.until(/GET \/\?followed/, 2000);
        });
      });
      await step('kubectl exec', async () => {
        const argv = [
          'exec',
          'deploy/web',
          '--',
          'sh',
          '-c',
          'echo "$GREETING"; cat /srv/greeting',
        ];
        assert.equal((await kubectl.run(argv)).match(new RegExp(greeting, 'g'))?.length, 2);
        const failed = await kubectl.tryRun(['exec', 'deploy/web', '--', 'sh', '-c', 'exit 7']);
        assert.equal(failed.code, 7);
        const piped = await kubectl.run(['exec', '-i', 'deploy/web', '--', 'cat'], {
          input: 'abc',
        });
        assert.equal(piped, 'abc');
      });
      await step('kubectl exec -it: a terminal', async () => {
        const said = await kubectl.terminal(
          ['exec', '-it', 'deploy/web', '--', 'sh'],
          'echo sum $((40+2)); tty; exit\n',
        );
        assert.match(said, /sum 42/);
        assert.match(said, /\/dev\/pts\/0/);
      });
      await step('kubectl port-forward', async () => {
        await using forward = kubectl.background('port-forward', 'service/web', '18080:80');
        await forward.until(/Forwarding from 127\.0\.0\.1:18080/);
        for (let i = 0; i < 3; i++) {
          assert.match(await machine.fetch('http://127.0.0.1:18080/'), greeting);
        }
      });
      await step('kubectl cp', async () => {
        const pod = await kubectl.field('pods -l app=web', '{.items[0].metadata.name}');
        await kubectl.run(['cp', 'package.json', `${pod}:/tmp/copied`]);
        assert.match(
          await kubectl.run(['exec', pod, '--', 'cat', '/tmp/copied']),
          /"name": "k8ts"/,
        );
      });
      await step('kubectl scale', async () => {
        await kubectl.run(['scale', 'deployment/web', '--replicas=4']);
        await rolledOut();
        assert.equal(await kubectl.field('deployment web', '{.status.readyReplicas}'), '4');
        await kubectl.run(['scale', 'deployment/web', '--replicas=2']);
        const gone = ['wait', 'deployment/web', '--for=jsonpath={.status.replicas}=2'];
        await kubectl.run([...gone, '--timeout=30s']);
      });
      await step('kubectl set image, rollout history', async () => {
        await kubectl.run(['set', 'image', 'deployment/web', 'nginx=nginx:1.27']);
        await rolledOut();
        const pods = await kubectl.field('pods -l app=web', '{.items[*].spec.containers[0].image}');
        assert.match(pods, /nginx:1\.27/);
        assert.match(await kubectl.run(['rollout', 'history', 'deployment/web']), /1 .*\n2 /);
      });
      await step('kubectl rollout undo', async () => {
        await kubectl.run(['rollout', 'undo', 'deployment/web']);
        await rolledOut();
        assert.equal(await image(), 'nginx:1.16.0');
      });
      await step('kubectl rollout restart', async () => {
        await kubectl.run(['rollout', 'restart', 'deployment/web']);
        await rolledOut();
      });
      await step('kubectl diff', async () => {
        assert.equal(await kubectl.run(['diff', '-f', '-'], { input: web }), '');
        const changed = web.replace('replicas: 2', 'replicas: 3');
        const diff = await kubectl.tryRun(['diff', '-f', '-'], { input: changed });
        assert.equal(diff.code, 1, diff.stderr);
        assert.match(diff.stdout, /-\s+replicas: 2\n\+\s+replicas: 3/);
      });
      await step('kubectl apply --server-side', async () => {
        const said = await kubectl.apply(web, '--server-side', '--force-conflicts');
        assert.match(said, /deployment\.apps\/web serverside-applied/);
        const conflict = await kubectl.tryRun(
          ['apply', '--server-side', '--field-manager=other', '-f', '-'],
          { input: web.replace('replicas: 2', 'replicas: 3') },
        );
        assert.equal(conflict.code, 1);
        assert.match(conflict.stderr, /conflicts? with "kubectl":\s+(- )?\.spec\.replicas/);
      });
      await step('kubectl get events', async () => {
        const events = await kubectl.run(['get', 'events', '--sort-by=.lastTimestamp']);
        assert.match(events, /ScalingReplicaSet/);
        assert.match(events, /Started.*pod\/web/);
      });
      await step('kubectl patch, label, annotate, edit what is there', async () => {
        await kubectl.run(['label', 'deployment/web', 'tier=front']);
        await kubectl.run(['annotate', 'deployment/web', 'note=seen']);
        const patch = '{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":1}}}}';
        await kubectl.run(['patch', 'deployment/web', '-p', patch]);
        await rolledOut();
        assert.match(await kubectl.run(['get', 'deploy', '-l', 'tier=front']), /web/);
      });
      await step('kubectl delete: objects and containers are gone', async () => {
        await kubectl.run(['delete', 'service,deployment,configmap', 'web']);
        await eventually(async () => {
          assert.equal(await kubectl.field('pods,replicasets', '{.items[*].metadata.name}'), '');
        });
      });
    },
  };
}
