/** What is taken out of recorded cases, and that nothing else is. */
import assert from 'node:assert/strict';
import type { RecordedCase, RecordedStep } from './cases.ts';
import { deviations } from './deviations.ts';

/** Names of the deviations that correct something. */
function correct(recorded: RecordedCase): string[] {
  return deviations.filter((d) => d.correct(recorded)).map((d) => d.name);
}

const tokenVolume = 'token volume with openshift-service-ca.crt';
const extra = { configMap: { name: 'openshift-service-ca.crt', items: [] } };

describe('deviations of the recording', () => {
  it('take the source out of volumes, at any depth', () => {
    const sources = [{ serviceAccountToken: { path: 'token' } }, extra];
    const volume = { name: 'v', projected: { sources } };
    const step = { expect: { body: { items: [{ spec: { volumes: [volume] } }] } } };
    const recorded = { name: 'c', serviceAccount: true, steps: [step as RecordedStep] };
    assert.deepEqual(correct(recorded), [tokenVolume]);
    const kept = {
      name: 'v',
      projected: { sources: [{ serviceAccountToken: { path: 'token' } }] },
    };
    assert.deepEqual(recorded.steps[0]!.expect, {
      body: { items: [{ spec: { volumes: [kept] } }] },
    });
  });

  it('leave pods alone that have no account', () => {
    const step = { expect: { body: { sources: [extra] } } };
    assert.deepEqual(correct({ name: 'c', steps: [step] }), []);
    assert.deepEqual(step, { expect: { body: { sources: [extra] } } });
  });

  it('move the hunks of a refused update', () => {
    const text = (a: string) => `Pod "a" is invalid: pod updates may not change fields\n${a}`;
    const hunk = (line: number) => `@@ -${line},2 +${line},2 @@\n-  "A": 1\n+  "A": 2\n`;
    const step: RecordedStep = { expect: { body: { message: text(hunk(150)), other: hunk(150) } } };
    assert.deepEqual(correct({ name: 'c', serviceAccount: true, steps: [step] }), [tokenVolume]);
    assert.deepEqual(step.expect, { body: { message: text(hunk(132)), other: hunk(150) } });
    const early: RecordedStep = { expect: { body: { message: text(hunk(2)) } } };
    assert.deepEqual(correct({ name: 'c', serviceAccount: true, steps: [early] }), []);
  });

  it('do not compare watches that an old etcd made fail', () => {
    const message =
      'a watch stream was requested by the client but the required storage feature ' +
      'RequestWatchProgress is disabled';
    const event = { type: 'ERROR', object: { kind: 'Status', message } };
    const within: RecordedStep = { expect: { status: 200 } };
    const step: RecordedStep = { watch: true, actions: [within], expect: { events: [event] } };
    const other: RecordedStep = {
      watch: true,
      expect: { events: [{ type: 'ERROR', object: { message: 'too old' } }] },
    };
    assert.deepEqual(correct({ name: 'c', steps: [step, other] }), ['sendInitialEvents refused']);
    assert.deepEqual([step.ignore, other.ignore, within.ignore], [true, undefined, undefined]);
  });
});
