import assert from 'node:assert/strict';
import * as resources from '../../client/resources.ts';
import type { Plugin } from '../framework.ts';
import { TestBed, testNode, testPod } from '../test-bed.ts';
import { parseConfiguration } from './configuration.ts';
import { mergeSets, resolveSets } from './plugin-sets.ts';

const head = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n';

describe('scheduler configuration', () => {
  it('fills in what is left out', () => {
    const c = parseConfiguration(head);
    assert.equal(c.leaderElection.leaderElect, true);
    assert.equal(c.leaderElection.name, 'kube-scheduler');
    assert.equal(c.initialBackoffMs, 1000);
    assert.equal(c.maxBackoffMs, 10_000);
    assert.deepEqual(
      c.profiles.map((p) => p.schedulerName),
      ['default-scheduler'],
    );
  });

  for (const [text, problem] of [
    ['surprise: 1', /surprise: not supported/],
    ['extenders: [{urlPrefix: "http://x"}]', /extenders: not supported/],
    ['podInitialBackoffSeconds: 0', /podInitialBackoffSeconds: must be greater than 0/],
    ['percentageOfNodesToScore: 200', /percentageOfNodesToScore: not in valid range/],
    ['profiles: [{}, {schedulerName: b}]', /profiles\[0\].schedulerName: Required value/],
    ['profiles: [{schedulerName: a}, {schedulerName: a}]', /Duplicate value: "a"/],
    [
      'profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: X}}}]}]',
      /scoringStrategy.type: Unsupported value: "X"/,
    ],
    ['profiles: [{pluginConfig: [{name: NodeName, args: {a: 1}}]}]', /args.a: not supported/],
    ['leaderElection: {leaseDuration: soon}', /leaseDuration: time: invalid duration/],
  ] as const) {
    it(`refuses ${text}`, () => {
      assert.throws(() => parseConfiguration(`${head}${text}\n`), problem);
    });
  }

  it('schedules by the profile that a pod names', async () => {
    const configuration = parseConfiguration(
      `${head}profiles:\n` +
        '- schedulerName: default-scheduler\n' +
        '- schedulerName: packing\n' +
        '  plugins: {score: {disabled: [{name: "*"}], enabled: [{name: NodeResourcesFit}]}}\n' +
        '  pluginConfig:\n' +
        '  - name: NodeResourcesFit\n' +
        '    args: {scoringStrategy: {type: MostAllocated}}\n',
    );
    await using bed = new TestBed(configuration);
    bed.client.seed(resources.nodes, testNode('n1'), testNode('n2'));
    await bed.start();
    await bed.create(testPod('first', { cpu: '1' }));
    await bed.create(testPod('near', { cpu: '1' }, { schedulerName: 'packing' }));
    await bed.create(testPod('far', { cpu: '1' }));
    assert.equal(bed.nodeOf('near'), bed.nodeOf('first'));
    assert.notEqual(bed.nodeOf('far'), bed.nodeOf('first'));
  });

  it('says which plugin does not exist', () => {
    const c = parseConfiguration(
      `${head}profiles: [{plugins: {filter: {enabled: [{name: Missing}]}}}]`,
    );
    assert.throws(() => new TestBed(c), /plugin "Missing" does not exist/);
  });
});

describe('plugin sets', () => {
  const names = (list: readonly { name: string }[] | undefined) => list?.map((p) => p.name).join();
  const defaults = [{ name: 'A', weight: 1 }, { name: 'B' }];

  it('merge with the defaults in place', () => {
    assert.equal(names(mergeSets(defaults, {}).enabled), 'A,B');
    const own = { enabled: [{ name: 'C' }, { name: 'A', weight: 5 }] };
    const merged = mergeSets(defaults, own).enabled!;
    assert.equal(names(merged), 'A,B,C');
    assert.equal(merged[0]?.weight, 5);
    assert.equal(names(mergeSets(defaults, { disabled: [{ name: 'A' }] }).enabled), 'B');
    const only = { disabled: [{ name: '*' }], enabled: [{ name: 'C' }] };
    assert.equal(names(mergeSets(defaults, only).enabled), 'C');
  });

  it('order plugins: set for the point, general, further ones', () => {
    const plugin = (name: string): Plugin => ({ name, filter: () => undefined });
    const multiPoint = {
      disabled: [{ name: '*' }],
      enabled: [{ name: 'A' }, { name: 'B' }, { name: 'C' }],
    };
    const filter = { enabled: [{ name: 'D' }, { name: 'B' }], disabled: [{ name: 'C' }] };
    const { lists } = resolveSets({ multiPoint, filter }, plugin);
    assert.equal(names(lists.filter), 'B,A,D');
    assert.deepEqual(lists.score, []);
    const twice = { enabled: [{ name: 'D' }, { name: 'D' }] };
    assert.throws(() => resolveSets({ multiPoint, filter: twice }, plugin), /already registered/);
    const wrong = { enabled: [{ name: 'D' }] };
    assert.throws(() => resolveSets({ multiPoint, score: wrong }, plugin), /does not extend score/);
  });
});
