import assert from 'node:assert/strict';
import { writeOptions } from './write-options.ts';

describe('options of writes', () => {
  const refused: [query: string, kind: 'CreateOptions' | 'PatchOptions', why: RegExp][] = [
    ['fieldManager=a%00b', 'CreateOptions', /invalid character U\+0000 \(at position 1\)$/],
    [`fieldManager=${'m'.repeat(129)}`, 'CreateOptions', /may not be more than 128 bytes$/],
    ['fieldValidation=strict', 'CreateOptions', /supported values: "", "Ignore", "Strict", "Warn"/],
    ['dryRun=Some', 'CreateOptions', /dryRun: Unsupported value: /],
    ['force=true', 'PatchOptions', /may not be specified for non-apply patch$/],
  ];
  for (const [query, kind, why] of refused) {
    it(`are not ${query.slice(0, 30)}`, () => {
      assert.throws(() => writeOptions(new URLSearchParams(query), kind), {
        reason: 'Invalid',
        message: why,
      });
    });
  }

  it('name a manager to apply', () => {
    const none = () => writeOptions(new URLSearchParams(), 'PatchOptions', true);
    assert.throws(none, /fieldManager: Required value: is required for apply patch/);
  });

  it('are lenient by default', () => {
    assert.deepEqual(writeOptions(new URLSearchParams('dryRun=All&dryRun=All'), 'CreateOptions'), {
      dryRun: true,
      fieldManager: '',
      fieldValidation: 'Warn',
      force: undefined,
    });
  });
});
