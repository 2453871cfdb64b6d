import assert from 'node:assert/strict';
import { FakeClient } from '../../client/fake-client.ts';
import { FakeClock, settle } from '../../client/fake-clock.ts';
import { silentLog } from '../../client/log.ts';
import { nodes } from '../../client/resources.ts';
import { defaultConfiguration } from '../config/configuration.ts';
import { FakeRuntime } from '../cri/fake-runtime.ts';
import { NodeManager } from './node-manager.ts';
import { RuntimeState } from './runtime-state.ts';

const machine = {
  cpus: 2,
  memoryBytes: 2 ** 33,
  swapBytes: 0,
  machineId: 'm',
  systemUuid: 's',
  bootId: 'b',
  kernelVersion: 'k',
  osImage: 'o',
  architecture: 'amd64',
  hugepageBytes: {},
  appArmor: false,
};

it('what changes while the node status is being written is written next', async () => {
  const clock = new FakeClock();
  const client = new FakeClient(() => clock.now());
  const runtime = new FakeRuntime(clock);
  const problems = ['no network yet'];
  const plenty = { available: 2 ** 40, capacity: 2 ** 40 };
  const runtimeState = new RuntimeState(runtime, clock, silentLog, () => undefined);
  const manager = new NodeManager({
    client,
    clock,
    log: silentLog,
    recorder: { event: () => undefined },
    configuration: defaultConfiguration(),
    identity: { name: 'n', hostname: 'n', ips: ['10.0.0.1'], labels: {}, port: 10250 },
    machine,
    capacity: { cpu: '2' },
    allocatable: { cpu: '2' },
    runtime,
    runtimeState,
    availability: async () => ({
      memory: plenty,
      nodefs: plenty,
      nodefsInodes: plenty,
      pids: plenty,
    }),
    problems: () => problems,
    onPressure: () => undefined,
  });
  await runtimeState.check();
  client.before = ({ verb, subresource }) => {
    if (verb !== 'patch' || subresource !== 'status') return;
    // The network is there at the very moment that its absence is told.
    if (problems.pop() !== undefined) manager.poke();
  };
  const stop = new AbortController();
  const running = manager.run(stop.signal);
  for (let i = 0; i < 20; i++) await settle();
  const ready = client.objects(nodes)[0]?.status?.conditions?.find((c) => c.type === 'Ready');
  assert.equal(ready?.status, 'True');
  stop.abort();
  await clock.advance(1);
  await running;
});
