import assert from 'node:assert/strict';
import type { NodeSelectorTerm, Pod } from '../schema/wire.ts';
import { compileNodeSelector, compilePreferred, requiredNodeMatcher } from './node-selector.ts';

const labels = { zone: 'a', cpus: '8' };
const expression = (key: string, operator: string, ...values: string[]): NodeSelectorTerm => ({
  matchExpressions: [{ key, operator, ...(values.length === 0 ? {} : { values }) }],
});
const field = (operator: string, ...values: string[]): NodeSelectorTerm => ({
  matchFields: [{ key: 'metadata.name', operator, values }],
});

describe('node selectors', () => {
  for (const [terms, want] of [
    [[], false],
    [[{}], false],
    [[expression('zone', 'In', 'a', 'b')], true],
    [[expression('zone', 'NotIn', 'a')], false],
    [[expression('other', 'NotIn', 'a')], true],
    [[expression('zone', 'Exists')], true],
    [[expression('zone', 'DoesNotExist')], false],
    [[expression('cpus', 'Gt', '7')], true],
    [[expression('cpus', 'Lt', '8')], false],
    [[expression('zone', 'Nonsense', 'a')], false],
    [[expression('zone', 'In', 'b'), expression('cpus', 'Gt', '7')], true],
    [[{ ...expression('zone', 'In', 'a'), ...field('In', 'm') }], false],
    [[field('In', 'n')], true],
    [[field('NotIn', 'n')], false],
    [[field('In', 'n', 'm')], false],
  ] as const) {
    it(`${JSON.stringify(terms)} ${want}`, () => {
      const matcher = compileNodeSelector({ nodeSelectorTerms: [...terms] });
      assert.equal(matcher.matches('n', labels), want);
    });
  }

  it('sums up preferences', () => {
    const score = compilePreferred([
      { weight: 5, preference: expression('zone', 'In', 'a') },
      { weight: 7, preference: expression('zone', 'In', 'b') },
      { weight: 9, preference: {} },
    ]);
    assert.equal(score('n', labels), 5);
  });

  it('asks for both nodeSelector and affinity', () => {
    const pod = (zone: string, operator: string): Pod => ({
      spec: {
        containers: [],
        nodeSelector: { zone },
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [expression('cpus', operator)],
            },
          },
        },
      },
    });
    const fits = (p: Pod) => requiredNodeMatcher(p)?.matches('n', labels);
    assert.equal(fits(pod('a', 'Exists')), true);
    assert.equal(fits(pod('b', 'Exists')), false);
    assert.equal(fits(pod('a', 'DoesNotExist')), false);
    assert.equal(fits({ spec: { containers: [] } }), undefined);
  });
});
