import assert from 'node:assert/strict';
import type { PolicyRule } from '../../machinery/schema/wire.ts';
import { uncoveredRules } from './rule-coverage.ts';

const rule = (
  verbs: string,
  resources: string,
  apiGroups = '',
  resourceNames?: string,
): PolicyRule => ({
  verbs: verbs.split(','),
  apiGroups: apiGroups.split(','),
  resources: resources.split(','),
  ...(resourceNames === undefined ? {} : { resourceNames: resourceNames.split(',') }),
});
const urls = (verbs: string, ...nonResourceURLs: string[]): PolicyRule => ({
  verbs: verbs.split(','),
  nonResourceURLs,
});
const text = (r: PolicyRule) =>
  [r.verbs, r.apiGroups, r.resources, r.resourceNames, r.nonResourceURLs].map(String).join('|');

const cases: [string, PolicyRule[], PolicyRule[], PolicyRule[]][] = [
  ['the same', [rule('get', 'pods')], [rule('get', 'pods')], []],
  [
    'a part of several',
    [rule('get', 'pods'), rule('list', 'pods')],
    [rule('get,list', 'pods')],
    [],
  ],
  ['more verbs', [rule('get', 'pods')], [rule('get,list', 'pods')], [rule('list', 'pods')]],
  ['any verb', [rule('*', 'pods')], [rule('*,get', 'pods')], []],
  ['a star for one verb', [rule('get', 'pods')], [rule('*', 'pods')], [rule('*', 'pods')]],
  ['another group', [rule('get', 'pods', 'apps')], [rule('get', 'pods')], [rule('get', 'pods')]],
  ['any resource', [rule('get', '*')], [rule('get', 'pods/log')], []],
  ['a subresource of anything', [rule('get', '*/scale')], [rule('get', 'pods/scale')], []],
  [
    'a resource by its subresource',
    [rule('get', 'pods/log')],
    [rule('get', 'pods')],
    [rule('get', 'pods')],
  ],
  ['some names of any', [rule('get', 'pods')], [rule('get', 'pods', '', 'a,b')], []],
  [
    'any name of some',
    [rule('get', 'pods', '', 'a')],
    [rule('get', 'pods')],
    [rule('get', 'pods')],
  ],
  [
    'other names',
    [rule('get', 'pods', '', 'a')],
    [rule('get', 'pods', '', 'a,b')],
    [rule('get', 'pods', '', 'b')],
  ],
  ['paths', [urls('get', '/api*')], [urls('get', '/apis', '/api')], []],
  ['a longer star', [urls('get', '/apis/*')], [urls('get', '/*')], [urls('get', '/*')]],
  ['paths are no resources', [rule('*', '*', '*')], [urls('get', '/x')], [urls('get', '/x')]],
];

describe('uncoveredRules', () => {
  for (const [what, owned, wanted, expected] of cases) {
    it(what, () => {
      assert.deepEqual(uncoveredRules(owned, wanted).map(text), expected.map(text));
    });
  }
});
