import assert from 'node:assert/strict';
import { parseSchedule } from './schedule.ts';

describe('parseSchedule', () => {
  // Times and results of robfig/cron's own tests, and the rules of the CronJob documentation.
  for (const [spec, zone, from, want] of [
    ['*/15 * * * *', 'UTC', '2012-07-09T14:45:00Z', '2012-07-09T15:00:00Z'],
    ['*/15 * * * *', 'UTC', '2012-07-09T14:59:59Z', '2012-07-09T15:00:00Z'],
    ['20-35/15 * * * *', 'UTC', '2012-07-09T15:45:00Z', '2012-07-09T16:20:00Z'],
    ['*/15 * * * *', 'UTC', '2012-12-31T23:59:45Z', '2013-01-01T00:00:00Z'],
    ['0 0 29 Feb ?', 'UTC', '2013-07-09T23:35:00Z', '2016-02-29T00:00:00Z'],
    ['0 0 * Feb Mon', 'UTC', '2012-07-09T23:35:00Z', '2013-02-04T00:00:00Z'],
    ['0 0 9 Apr Mon', 'UTC', '2012-04-03T00:00:00Z', '2012-04-09T00:00:00Z'],
    // Both restricted: either will do.
    ['0 0 1,15 * Sun', 'UTC', '2012-07-09T00:00:00Z', '2012-07-15T00:00:00Z'],
    ['0 0 13 * Fri', 'UTC', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
    ['0 0 */2 * Sun', 'UTC', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z'],
    // A step takes the star away: then both must hold or either, as robfig has it.
    ['0 0 * * 0', 'UTC', '2026-01-05T00:00:00Z', '2026-01-11T00:00:00Z'],
    ['30 2 * * *', 'Europe/Berlin', '2026-03-28T01:30:00Z', '2026-03-30T00:30:00Z'],
    ['0 2 29 3 *', 'Europe/Berlin', '2025-03-30T00:00:00Z', '2027-03-29T00:00:00Z'],
    ['30 1 * * *', 'America/New_York', '2026-11-01T05:30:00Z', '2026-11-01T06:30:00Z'],
    ['30 2 8 Mar ?', 'America/New_York', '2026-03-08T00:00:00Z', '2027-03-08T07:30:00Z'],
    ['0 0 * * *', 'America/Sao_Paulo', '2018-11-03T12:00:00Z', '2018-11-05T02:00:00Z'],
    ['0 9 * * *', 'Asia/Kolkata', '2026-01-01T00:00:00Z', '2026-01-01T03:30:00Z'],
    ['TZ=Asia/Tokyo 30 4 * * *', 'UTC', '2012-07-09T19:00:00Z', '2012-07-09T19:30:00Z'],
    ['@hourly', 'UTC', '2012-07-09T15:10:00Z', '2012-07-09T16:00:00Z'],
    ['@weekly', 'UTC', '2026-01-05T00:00:00Z', '2026-01-11T00:00:00Z'],
    ['@every 90m', 'UTC', '2026-01-05T00:00:10Z', '2026-01-05T01:30:10Z'],
    ['0 0 30 Feb ?', 'UTC', '2012-07-09T23:35:00Z', undefined],
    ['0 0 31 Apr ?', 'UTC', '2012-07-09T23:35:00Z', undefined],
  ] as const) {
    it(`${spec} in ${zone} after ${from}`, () => {
      const next = parseSchedule(spec, zone).next(Date.parse(from));
      const text =
        next === undefined ? undefined : new Date(next).toISOString().replace('.000', '');
      assert.equal(text, want);
    });
  }

  for (const spec of [
    '',
    '* * * *',
    '60 * * * *',
    '* * * * 7',
    '5-1 * * * *',
    '*/0 * * * *',
    '@x',
  ]) {
    it(`refuses "${spec}"`, () => assert.throws(() => parseSchedule(spec, 'UTC')));
  }

  it('refuses unknown zones', () => assert.throws(() => parseSchedule('* * * * *', 'No/Where')));
});
