import assert from 'node:assert/strict';
import {
  formatDuration,
  formatMicroTime,
  formatTime,
  humanDuration,
  parseDuration,
  parseTime,
  shortHumanDuration,
} from './times.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe('times', () => {
  it('writes RFC 3339', () => {
    assert.equal(formatTime(0), '1970-01-01T00:00:00Z');
    assert.equal(formatTime(1700000000999), '2023-11-14T22:13:20Z');
    assert.equal(formatMicroTime(1700000000123.5), '2023-11-14T22:13:20.123500Z');
    assert.equal(formatMicroTime(0), '1970-01-01T00:00:00.000000Z');
  });

  it('reads RFC 3339', () => {
    assert.equal(parseTime('1970-01-01T00:00:01Z'), 1000);
    assert.equal(parseTime('1970-01-01T01:00:00.5+01:00'), 500);
    assert.equal(parseTime('2024-02-29T00:00:00-00:30'), Date.UTC(2024, 1, 29, 0, 30));
    assert.equal(parseTime('0001-01-01T00:00:00Z'), -62135596800000);
  });

  const layout = '"2006-01-02T15:04:05Z07:00"';
  const badTimes: [string, string][] = [
    ['abc', `parsing time "abc" as ${layout}: cannot parse "abc" as "2006"`],
    ['2024-01', `parsing time "2024-01" as ${layout}: cannot parse "" as "-"`],
    ['2024-13-01T00:00:00Z', 'parsing time "2024-13-01T00:00:00Z": month out of range'],
    ['2023-02-29T00:00:00Z', 'parsing time "2023-02-29T00:00:00Z": day out of range'],
    ['2024-01-01T00:00:00Zx', 'parsing time "2024-01-01T00:00:00Zx": extra text: "x"'],
    [
      '2024-01-01T00:00:00',
      `parsing time "2024-01-01T00:00:00" as ${layout}: cannot parse "" as "Z07:00"`,
    ],
  ];
  for (const [text, want] of badTimes) {
    it(`refuses ${text}`, () => assert.throws(() => parseTime(text), { message: want }));
  }
});

describe('durations', () => {
  const durations: [string, number, string][] = [
    ['0', 0, '0s'],
    ['1h', hour, '1h0m0s'],
    ['1h30m', 1.5 * hour, '1h30m0s'],
    ['1.5s', 1500, '1.5s'],
    ['-90s', -90000, '-1m30s'],
    ['100ms', 100, '100ms'],
    ['1us', 0.001, '1µs'],
    ['1ns', 0.000001, '1ns'],
    ['.5s', 500, '500ms'],
    ['2m0.25s', 120250, '2m0.25s'],
  ];
  for (const [text, ms, printed] of durations) {
    it(`reads ${text}`, () => {
      assert.equal(parseDuration(text), ms);
      assert.equal(formatDuration(ms), printed);
    });
  }

  const bad: [string, string][] = [
    ['', 'time: invalid duration ""'],
    ['5', 'time: missing unit in duration "5"'],
    ['5x', 'time: unknown unit "x" in duration "5x"'],
    ['s', 'time: invalid duration "s"'],
    ['1d', 'time: unknown unit "d" in duration "1d"'],
    ['999999999h', 'time: invalid duration "999999999h"'],
  ];
  for (const [text, want] of bad) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseDuration(text), { message: want });
    });
  }

  const ages: [number, string, string][] = [
    [-2 * second, '<invalid>', '<invalid>'],
    [-1 * second, '0s', '0s'],
    [0, '0s', '0s'],
    [119 * second, '119s', '1m'],
    [2 * minute, '2m', '2m'],
    [5 * minute + 30 * second, '5m30s', '5m'],
    [10 * minute, '10m', '10m'],
    [179 * minute, '179m', '2h'],
    [3 * hour, '3h', '3h'],
    [7 * hour + 12 * minute, '7h12m', '7h'],
    [47 * hour, '47h', '1d'],
    [2 * day, '2d', '2d'],
    [7 * day + 3 * hour, '7d3h', '7d'],
    [8 * day + 3 * hour, '8d', '8d'],
    [729 * day, '729d', '1y'],
    [2 * 365 * day, '2y', '2y'],
    [2 * 365 * day + 3 * day, '2y3d', '2y'],
    [9 * 365 * day, '9y', '9y'],
  ];
  for (const [ms, long, short] of ages) {
    it(`shows ${ms} ms as ${long}`, () => {
      assert.equal(humanDuration(ms), long);
      assert.equal(shortHumanDuration(ms), short);
    });
  }
});
