import assert from 'node:assert/strict';
import {
  annotateFailedOpen,
  annotateForWebhook,
  annotateMutation,
  annotatePatch,
} from './annotations.ts';
import type { Hook } from './hook.ts';

describe('what the audit log is told of webhooks', () => {
  const hook = { type: 'admit', configuration: 'c', name: 'h' } as Hook;
  const turn = { round: 1, index: 2 };
  function told(tell: (a: { annotate: (k: string, v: string, level?: string) => void }) => void) {
    const out: (string | undefined)[][] = [];
    tell({ annotate: (...entry) => void out.push(entry) });
    return out;
  }

  it('whether the object was changed', () => {
    assert.deepEqual(
      told((a) => annotateMutation(a, hook, turn, true)),
      [
        [
          'mutation.webhook.admission.k8s.io/round_1_index_2',
          '{"configuration":"c","webhook":"h","mutated":true}',
        ],
      ],
    );
  });

  it('how, to those who are told of objects', () => {
    const operations = [{ op: 'add', path: '/a', from: undefined, value: '<&>' }];
    assert.deepEqual(
      told((a) => annotatePatch(a, hook, turn, operations)),
      [
        [
          'patch.webhook.admission.k8s.io/round_1_index_2',
          '{"configuration":"c","webhook":"h","patch":[{"op":"add","path":"/a","value":"\\u003c\\u0026\\u003e"}],"patchType":"JSONPatch"}',
          'Request',
        ],
      ],
    );
  });

  it('that a failure was ignored', () => {
    const validating = { ...hook, type: 'validating' } as Hook;
    assert.deepEqual(
      told((a) => {
        annotateFailedOpen(a, hook, turn);
        annotateFailedOpen(a, validating, turn);
      }),
      [
        ['failed-open.mutation.webhook.admission.k8s.io/round_1_index_2', 'h'],
        ['failed-open.validating.webhook.admission.k8s.io/round_1_index_2', 'h'],
      ],
    );
  });

  it('what webhooks say themselves, under names that can stand', () => {
    const keys = ['h.x/k', 'h.x/a.b/c', 'h.x/bad key', 'h.x/'];
    assert.deepEqual(
      told((a) => {
        for (const key of keys) annotateForWebhook(a, key, 'v');
      }),
      [['h.x/k', 'v']],
    );
  });
});
