import assert from 'node:assert/strict';
import { kindType } from '../../machinery/schema/schema.ts';
import { builtinGroups } from './groups.ts';
import { apiVersionOf } from './served-resource.ts';

const groups = builtinGroups({
  serviceClusterIpRange: '10.0.0.0/24',
  nodePortRange: '30000-32767',
});
const definitions = groups.flatMap((g) => g.resources);

describe('declarations of resources', () => {
  it('are of kinds that exist, in every version', () => {
    for (const d of definitions) {
      const versions = [apiVersionOf(d.group, d.version)];
      for (const v of d.versions) versions.push(apiVersionOf(v.group, v.version));
      for (const v of versions) assert.ok(kindType(v, d.kind), `${v} ${d.kind}`);
    }
  });

  it('store each resource under a prefix of its own', () => {
    const stored = definitions.filter((d) => d.verbs.includes('get'));
    const prefixes = stored.map((d) => d.storagePrefix);
    assert.equal(new Set(prefixes).size, prefixes.length);
  });

  it('have short names that no other resource has', () => {
    const names = definitions.flatMap((d) => d.shortNames);
    assert.deepEqual(
      names.filter((n, i) => names.indexOf(n) < i),
      [],
    );
  });

  it('stand in the group that lists them', () => {
    for (const g of groups) {
      for (const d of g.resources) assert.equal(d.group, g.name, d.plural);
    }
  });

  it('begin their tables with the name', () => {
    for (const d of definitions) {
      if (!d.verbs.includes('list')) continue;
      const [first] = d.columns.filter((c) => c.undeclared !== true);
      const expected = d.plural === 'events' ? 'Last Seen' : 'Name';
      assert.equal(first?.name, expected, d.plural);
    }
  });
});
