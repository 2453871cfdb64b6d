import assert from 'node:assert/strict';
import type { Container, ContainerStatus } from '../../machinery/schema/wire.ts';
import type { NodePod } from '../pods/pod.ts';
import { podPhase } from './phase.ts';

/** `a:run`, `a:exit(1)`, `a:wait`, `a:again(1)` (waits after an end). */
function status(text: string): ContainerStatus {
  const [, name = '', state = '', code = '0'] = /^(\w+):(\w+)(?:\((\d+)\))?$/.exec(text) ?? [];
  const ended = { terminated: { exitCode: Number(code) } };
  return {
    name,
    image: '',
    imageID: '',
    ready: false,
    restartCount: 0,
    started: state === 'run',
    state: state === 'run' ? { running: {} } : state === 'exit' ? ended : { waiting: {} },
    lastState: state === 'again' ? ended : {},
  };
}

type Case = [what: string, policy: string, statuses: string, expected: string, terminal?: true];

function check(cases: Case[], containers: Container[], initContainers: Container[]): void {
  for (const [what, restartPolicy, text, expected, terminal] of cases) {
    it(`${what} (${restartPolicy}): ${expected}`, () => {
      const pod: NodePod = {
        metadata: { name: 'p', namespace: 'ns', uid: 'u' },
        spec: { containers, initContainers, restartPolicy },
      };
      const statuses = text.split(' ').filter(Boolean).map(status);
      const initialized = statuses.some((s) => containers.some((c) => c.name === s.name));
      const input = { pod, statuses, terminal: terminal === true, initialized };
      assert.equal(podPhase(input), expected);
    });
  }
}

describe('phase', () => {
  const two = [{ name: 'a' }, { name: 'b' }];
  check(
    [
      ['nothing known', 'Always', '', 'Pending'],
      ['all wait', 'Always', 'a:wait b:wait', 'Pending'],
      ['one runs, one waits for its first start', 'Always', 'a:run b:wait', 'Pending'],
      ['all run', 'Always', 'a:run b:run', 'Running'],
      ['one runs, one is unknown', 'Always', 'a:run', 'Pending'],
      ['one runs, one ended', 'Never', 'a:run b:exit(1)', 'Running'],
      ['one runs, one waits for its next start', 'Always', 'a:run b:again(1)', 'Running'],
      ['all wait for their next start', 'Always', 'a:again(1) b:again(1)', 'Running'],
      ['all ended and will start again', 'Always', 'a:exit(0) b:exit(0)', 'Running'],
      ['all succeeded', 'OnFailure', 'a:exit(0) b:exit(0)', 'Succeeded'],
      ['one failed and will start again', 'OnFailure', 'a:exit(0) b:exit(1)', 'Running'],
      ['one failed', 'Never', 'a:exit(0) b:exit(1)', 'Failed'],
      ['all succeeded', 'Never', 'a:exit(0) b:exit(0)', 'Succeeded'],
      [
        'all succeeded at the end of a deleted pod',
        'Always',
        'a:exit(0) b:exit(0)',
        'Succeeded',
        true,
      ],
      ['one failed at the end of a deleted pod', 'Always', 'a:exit(0) b:exit(1)', 'Failed', true],
    ],
    two,
    [],
  );

  describe('with init containers', () => {
    check(
      [
        ['it waits', 'Always', 'i:wait a:wait', 'Pending'],
        ['it runs', 'Always', 'i:run a:wait', 'Pending'],
        ['it failed and starts again', 'Always', 'i:exit(1) a:wait', 'Pending'],
        ['it failed for good', 'Never', 'i:exit(1) a:wait', 'Failed'],
        ['it is done', 'Always', 'i:exit(0) a:run', 'Running'],
      ],
      [{ name: 'a' }],
      [{ name: 'i' }],
    );
  });

  describe('with a sidecar', () => {
    const rules = { restartPolicy: 'Always' };
    check(
      [
        ['it waits', 'Always', 's:wait', 'Pending'],
        ['it runs, the main one waits', 'Always', 's:run a:wait', 'Pending'],
        ['both run', 'Always', 's:run a:run', 'Running'],
        ['it still runs when the main one succeeded', 'Never', 's:run a:exit(0)', 'Running'],
        ['it ended after the main one succeeded', 'Never', 's:exit(137) a:exit(0)', 'Succeeded'],
        ['it waits for its next start', 'Always', 's:again(1) a:run', 'Running'],
      ],
      [{ name: 'a' }],
      [{ name: 's', ...rules }],
    );
  });

  describe('with restart rules', () => {
    const restartPolicyRules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }];
    check(
      [
        ['the code restarts it', 'Never', 'a:exit(42)', 'Running'],
        ['another code does not', 'Never', 'a:exit(1)', 'Failed'],
      ],
      [{ name: 'a', restartPolicy: 'Never', restartPolicyRules }],
      [],
    );
  });
});
