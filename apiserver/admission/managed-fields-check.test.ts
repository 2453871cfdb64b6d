import assert from 'node:assert/strict';
import type { KubeObject, ManagedFieldsEntry } from '../../machinery/schema/wire.ts';
import { createAdmission } from './admission.ts';
import { attributes } from './test-environment.ts';

const entry = (operation: string) =>
  ({ manager: 'm', operation, apiVersion: 'v1', fieldsType: 'FieldsV1' }) as ManagedFieldsEntry;

describe('the mutating phase', () => {
  it('runs twice when a plugin asks for it, and not more often', async () => {
    const runs: string[] = [];
    const admission = createAdmission([
      {
        name: 'a',
        handles: () => true,
        admit: (a) => void runs.push(`a${a.reinvocation!.running}`),
      },
      {
        name: 'b',
        handles: () => true,
        admit(a) {
          const seen = a.reinvocation!.note('b', () => ({ count: 0 }));
          runs.push(`b${++seen.count}`);
          a.reinvocation!.want();
        },
      },
    ]);
    await admission.admit(attributes());
    assert.deepEqual(runs, ['afalse', 'b1', 'atrue', 'b2']);
  });

  const sound = [entry('Update')];
  const cases: [
    string,
    ManagedFieldsEntry[] | undefined,
    ManagedFieldsEntry[] | undefined,
    boolean,
  ][] = [
    ['keeps entries that can be read', sound, [entry('Apply')], false],
    ['keeps that there are none', sound, undefined, false],
    ['puts back what nobody can read', sound, [entry('Odd')], true],
    ['takes away what nobody can read', undefined, [entry('Odd')], true],
  ];
  for (const [name, before, after, putBack] of cases) {
    it(name, async () => {
      const object: KubeObject = {
        metadata: before === undefined ? {} : { managedFields: before },
      };
      const warnings: string[] = [];
      const plugin = {
        name: 'p',
        handles: () => true,
        admit() {
          if (after === undefined) delete object.metadata!.managedFields;
          else object.metadata!.managedFields = after;
        },
      };
      const a = attributes({ object, warn: (text) => void warnings.push(text) });
      await createAdmission([plugin]).admit(a);
      assert.deepEqual(object.metadata!.managedFields, putBack ? before : after);
      assert.equal(warnings.length, putBack ? 1 : 0);
      if (putBack)
        assert.match(warnings[0]!, /fix your requests: operation must be `Apply` or `Update`$/);
    });
  }
});
