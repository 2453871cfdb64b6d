import assert from 'node:assert/strict';
import { StatusError } from '../../machinery/meta/status-error.ts';
import { deleteOptionsOfQuery } from './delete-options.ts';
import { listOptions } from './list-options.ts';
import { writeOptions } from './write-options.ts';

const query = (text: string) => new URLSearchParams(text);

describe('options of a delete in the query', () => {
  const cases: [text: string, expected: object][] = [
    ['', {}],
    ['gracePeriodSeconds=5&dryRun=All', { gracePeriodSeconds: 5, dryRun: ['All'] }],
    ['uid=u', { preconditions: { uid: 'u' } }],
    ['resourceVersion=7', { preconditions: { resourceVersion: '7' } }],
    ['uid=u&resourceVersion=7', { preconditions: { uid: 'u', resourceVersion: '7' } }],
    ['uid=&resourceVersion=', {}],
  ];
  for (const [text, expected] of cases) {
    it(text || 'none', () => assert.deepEqual(deleteOptionsOfQuery(query(text)), expected));
  }
});

describe('options that are refused', () => {
  const cases: [text: string, read: (q: URLSearchParams) => unknown, message: string][] = [
    [
      'fieldManager=a%0Ab',
      (q) => writeOptions(q, 'CreateOptions'),
      'CreateOptions.meta.k8s.io "" is invalid: fieldManager: Invalid value: "a\\nb": ' +
        'invalid character U+000A (at position 1)',
    ],
    [
      'dryRun=',
      (q) => writeOptions(q, 'PatchOptions'),
      'PatchOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: [""]: ' +
        'supported values: "All"',
    ],
    ['limit=', listOptions, 'strconv.ParseInt: parsing "": invalid syntax'],
    ['timeoutSeconds=', listOptions, 'strconv.ParseInt: parsing "": invalid syntax'],
  ];
  for (const [text, read, message] of cases) {
    it(text, () => {
      assert.throws(
        () => read(query(text)),
        (e) => e instanceof StatusError && e.message === message,
      );
    });
  }
});
