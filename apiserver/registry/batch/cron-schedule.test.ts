import assert from 'node:assert/strict';
import { cronScheduleProblem } from './cron-schedule.ts';
import { timeZoneProblem } from './time-zones.ts';

describe('cron schedules', () => {
  const cases: [string, string | undefined][] = [
    ['*/5 * * * *', undefined],
    ['0 0 1-15/2 JAN-mar mon,FRI', undefined],
    ['@hourly', undefined],
    ['@every 1h30m', undefined],
    ['? 1 ? * ?', undefined],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['@never', 'unrecognized descriptor: @never'],
  ];
  for (const [schedule, problem] of cases) {
    it(schedule, () => assert.equal(cronScheduleProblem(schedule), problem));
  }
});

describe('time zones', () => {
  it('are those of the database', () => {
    for (const zone of ['Europe/Berlin', 'Etc/UTC', 'America/Argentina/Salta']) {
      assert.equal(timeZoneProblem(zone), undefined, zone);
    }
    assert.equal(timeZoneProblem('Mars/Olympus'), 'unknown time zone Mars/Olympus');
  });
});
