import assert from 'node:assert/strict';
import { encodeYaml } from '../../machinery/codec/yaml.ts';
import { answerObject } from './answer-object.ts';

const managedFields = [{ manager: 'm' }];
const object = { kind: 'Pod', metadata: { name: 'p', managedFields } };
const list = { kind: 'PodList', metadata: {}, items: [{ metadata: { name: 'p', managedFields } }] };
const table = { kind: 'Table', rows: [{ cells: ['p'], object }, { cells: ['q'] }] };
const bare = { kind: 'Pod', metadata: { name: 'p' } };

describe('objects of answers in the audit log', () => {
  const json = 'application/json';
  const cases: [string, string, string, boolean, unknown][] = [
    ['JSON', json, `${JSON.stringify(object)}\n`, false, object],
    ['pretty JSON', json, JSON.stringify(object, null, 2), false, object],
    ['YAML', 'application/yaml', encodeYaml(object), false, object],
    ['an object without managed fields', json, JSON.stringify(object), true, bare],
    [
      'a list without managed fields',
      json,
      JSON.stringify(list),
      true,
      { ...list, items: [{ metadata: { name: 'p' } }] },
    ],
    [
      'a table without managed fields',
      'application/json;as=Table',
      JSON.stringify(table),
      true,
      { ...table, rows: [{ cells: ['p'], object: bare }, { cells: ['q'] }] },
    ],
    ['text', 'text/plain', 'ok', false, undefined],
    ['JSON without a kind', json, '{"major":"1"}', false, undefined],
    ['a list of JSON', json, '[1]', false, undefined],
    ['no JSON', json, 'ok', false, undefined],
  ];
  for (const [what, type, text, omit, expected] of cases) {
    it(`are those of ${what}`, () => {
      const shown = answerObject(type, Buffer.from(text))?.json(omit);
      assert.equal(shown?.includes('\n') ?? false, false);
      assert.deepEqual(shown === undefined ? undefined : JSON.parse(shown), expected);
    });
  }
});
