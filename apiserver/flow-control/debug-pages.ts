/**
 * The pages under /debug/api_priority_and_fairness: the state of levels, queues and requests as
 * tables for people.
 */
import type { FlowControl } from './flow-control.ts';
import type { QueuedRequest } from './queued-request.ts';

const root = '/debug/api_priority_and_fairness/';

/** The text of a page; undefined: there is no such page. */
export function debugPage(path: string, control: FlowControl): string | undefined {
  switch (path) {
    case `${root}dump_priority_levels`:
      return table([levelHeader, ...levelRows(control)]);
    case `${root}dump_queues`:
      return table([queueHeader, ...queueRows(control)]);
    case `${root}dump_requests`:
      return table([requestHeader, ...requestRows(control)]);
    default:
      return undefined;
  }
}

const levelHeader = [
  'PriorityLevelName',
  'ActiveQueues',
  'IsIdle',
  'IsQuiescing',
  'WaitingRequests',
  'ExecutingRequests',
  'DispatchedRequests',
  'RejectedRequests',
  'TimedoutRequests',
  'CancelledRequests',
];

function* levelRows(control: FlowControl): Generator<readonly (string | number)[]> {
  const levels = [...control.levels].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, queues, leaving } of levels) {
    const active = queues.queues.filter((q) => q.waiting.size > 0).length;
    yield [
      name,
      active,
      String(queues.idle),
      String(leaving),
      queues.waiting,
      queues.executing,
      queues.dispatched,
      queues.rejected,
      0,
      queues.cancelled,
    ];
  }
}

const queueHeader = [
  'PriorityLevelName',
  'Index',
  'PendingRequests',
  'ExecutingRequests',
  'SeatsInUse',
  'NextDispatchR',
  'InitialSeatsSum',
  'MaxSeatsSum',
  'TotalWorkSum',
];

function* queueRows(control: FlowControl): Generator<readonly (string | number)[]> {
  for (const { name, queues } of control.levels) {
    for (const q of queues.queues) {
      const served = [...queues.served].filter((r) => r.queue === q);
      yield [
        name,
        q.index,
        q.waiting.size,
        q.executing,
        served.reduce((n, r) => n + r.seats, 0),
        seatSeconds(q.nextStart),
        [...q.waiting].reduce((n, r) => n + r.initialSeats, 0),
        [...q.waiting].reduce((n, r) => n + r.seats, 0),
        seatSeconds(q.waitingWork),
      ];
    }
  }
}

const requestHeader = [
  'PriorityLevelName',
  'FlowSchemaName',
  'QueueIndex',
  'RequestIndexInQueue',
  'FlowDistingsher',
  'ArriveTime',
  'InitialSeats',
  'FinalSeats',
  'AdditionalLatency',
  'StartTime',
];

function* requestRows(control: FlowControl): Generator<readonly (string | number)[]> {
  for (const { queues } of control.levels) {
    for (const q of queues.queues) {
      let index = 0;
      for (const r of q.waiting) yield requestRow(r, index++);
    }
    for (const r of queues.served) yield requestRow(r, -1);
  }
}

function requestRow(r: QueuedRequest, index: number): readonly (string | number)[] {
  return [
    r.stats.level,
    r.stats.schema,
    r.queue?.index ?? -1,
    index,
    r.distinguisher,
    time(r.arrivedMs),
    r.initialSeats,
    r.finalSeats,
    `${r.lingerMs}ms`,
    r.state === 'executing' ? time(r.startedMs) : '0001-01-01T00:00:00Z',
  ];
}

function time(ms: number): string {
  return new Date(performance.timeOrigin + ms).toISOString();
}

function seatSeconds(value: number): string {
  return `${value.toFixed(8)}ss`;
}

/** Columns end with a comma and are as wide as their widest cell, at least eight. */
function table(rows: readonly (readonly (string | number)[])[]): string {
  const width = (i: number) => Math.max(8, ...rows.map((row) => String(row[i]).length + 2));
  const widths = rows[0]!.map((_, i) => width(i));
  return rows
    .map((row) => {
      const last = row.length - 1;
      return `${row.map((c, i) => (i === last ? `${c}` : `${c},`.padEnd(widths[i]!))).join('')}\n`;
    })
    .join('');
}
