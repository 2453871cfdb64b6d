import assert from 'node:assert/strict';
import { FakeClient } from './fake-client.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { LeaderLostError, runAsLeader } from './leader-election.ts';
import { leases } from './resources.ts';

describe('runAsLeader', () => {
  let client: FakeClient;
  let clock: FakeClock;
  let stops: AbortController[];
  let runs: Promise<void>[];
  beforeEach(() => {
    clock = new FakeClock();
    client = new FakeClient(() => clock.now());
    stops = [];
    runs = [];
  });
  afterEach(async () => {
    for (const stop of stops) stop.abort();
    await Promise.allSettled(runs);
  });

  function candidate(identity: string, log: string[]): { stop: () => void; done: Promise<void> } {
    const stop = new AbortController();
    stops.push(stop);
    const options = { namespace: 'kube-system', name: 'l', identity, clock, random: () => 0 };
    const lead = async (signal: AbortSignal): Promise<void> => {
      log.push(`${identity} leads`);
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      log.push(`${identity} ends`);
    };
    const done = runAsLeader(client, options, lead, stop.signal);
    runs.push(done);
    return { stop: () => stop.abort(), done };
  }

  it('lets one lead and hands over on a clean exit', async () => {
    const log: string[] = [];
    const a = candidate('a', log);
    await settle();
    candidate('b', log);
    await clock.advance(60_000);
    assert.deepEqual(log, ['a leads']);
    a.stop();
    await a.done;
    assert.equal(client.objects(leases)[0]?.spec?.holderIdentity, '');
    await clock.advance(5_000);
    assert.deepEqual(log, ['a leads', 'a ends', 'b leads']);
    const spec = client.objects(leases)[0]?.spec;
    assert.equal(spec?.holderIdentity, 'b');
    assert.equal(spec?.leaseTransitions, 1);
    assert.equal(spec?.leaseDurationSeconds, 15);
  });

  it('takes over from a dead holder only after its lease has run out', async () => {
    client.seed(leases, {
      metadata: { namespace: 'kube-system', name: 'l' },
      spec: { holderIdentity: 'dead', leaseDurationSeconds: 15 },
    });
    const log: string[] = [];
    candidate('a', log);
    await clock.advance(14_000);
    assert.deepEqual(log, []);
    await clock.advance(3_000);
    assert.deepEqual(log, ['a leads']);
  });

  it('stops leading when the lease cannot be renewed', async () => {
    const log: string[] = [];
    const a = candidate('a', log);
    await settle();
    client.before = () => {
      throw new Error('connect ECONNREFUSED');
    };
    const failed = assert.rejects(a.done, LeaderLostError);
    await clock.advance(13_000);
    await failed;
    assert.deepEqual(log, ['a leads', 'a ends']);
  });
});
