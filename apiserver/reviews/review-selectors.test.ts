import assert from 'node:assert/strict';
import { selectorsOf } from './review-selectors.ts';

const ignored = (name: string, partly = '') =>
  `spec.resourceAttributes.${name} ${partly}ignored due to parse error`;
const on = (key: string, operator: string, ...values: string[]) => ({ key, operator, values });

describe('selectors of access reviews', () => {
  const cases: [string, Parameters<typeof selectorsOf>[0], ReturnType<typeof selectorsOf>][] = [
    ['none', {}, { problems: [] }],
    [
      'raw ones',
      { fieldSelector: { rawSelector: 'a=b' }, labelSelector: { rawSelector: 'x in (y,z)' } },
      {
        fieldSelector: [on('a', 'In', 'b')],
        labelSelector: [on('x', 'In', 'y', 'z')],
        problems: [],
      },
    ],
    [
      'raw ones that cannot be read',
      { fieldSelector: { rawSelector: '&' }, labelSelector: { rawSelector: 'x in (' } },
      { problems: [ignored('fieldSelector'), ignored('labelSelector')] },
    ],
    [
      'requirements on fields with several values, or none',
      { fieldSelector: { requirements: [on('a', 'In', 'b', 'c'), on('d', 'NotIn', 'e')] } },
      {
        fieldSelector: [on('d', 'NotIn', 'e')],
        problems: [ignored('fieldSelector', 'partially ')],
      },
    ],
    [
      'operators that fields do not know',
      { fieldSelector: { requirements: [on('a', 'Exists')] } },
      { problems: [ignored('fieldSelector')] },
    ],
    [
      'requirements on labels',
      { labelSelector: { requirements: [on('a', 'Exists'), on('b', 'In', '/'), on('c', 'x')] } },
      { labelSelector: [on('a', 'Exists')], problems: [ignored('labelSelector', 'partially ')] },
    ],
  ];
  for (const [what, given, expected] of cases) {
    it(what, () => assert.deepEqual(selectorsOf(given), expected));
  }
});
