/** Elements taken out of diffs. */
import assert from 'node:assert/strict';
import { withoutLinesInDiff } from './spec-diff.ts';

const element = { lines: 3, mark: '"Name": "b"', linesBeforeMark: 1, endsBefore: 20 };

describe('diffs without an element', () => {
  const cases: [string, string[], string[]][] = [
    [
      'that is not shown',
      ['@@ -30,1 +31,1 @@', '-x', '+y', ''],
      ['@@ -27,1 +28,1 @@', '-x', '+y', ''],
    ],
    [
      'before it',
      ['m', '@@ -1,2 +1,2 @@', ' x', '-y', '+z'],
      ['m', '@@ -1,2 +1,2 @@', ' x', '-y', '+z'],
    ],
    [
      'that was removed',
      ['@@ -1,6 +1,1 @@', '-{', '-},', '-{', '-"Name": "b"', '-}', ' ]', '@@ -40,1 +35,1 @@', ' x'],
      ['@@ -1,3 +1,1 @@', '-{', '-}', ' ]', '@@ -37,1 +35,1 @@', ' x'],
    ],
    [
      'that stays',
      ['@@ -1,5 +1,5 @@', ' },', ' {', ' "Name": "b"', ' }', '-p', '+q', '@@ -40,1 +40,1 @@', ' x'],
      ['@@ -1,2 +1,2 @@', ' }', '-p', '+q', '@@ -37,1 +37,1 @@', ' x'],
    ],
  ];
  for (const [name, before, after] of cases) {
    it(name, () => {
      assert.equal(withoutLinesInDiff(before.join('\n'), element), after.join('\n'));
    });
  }
});
