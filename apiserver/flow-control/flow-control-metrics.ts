/** The metrics of flow control under upstream's names, read from its state at each scrape. */
import type { Distribution } from '../metrics/histogram.ts';
import type { Metric, Sample } from '../metrics/metric.ts';
import type { FlowControl } from './flow-control.ts';
import type { FlowStats } from './flow-stats.ts';
import type { InFlightLimit } from './in-flight-limit.ts';
import type { PriorityLevel } from './priority-level.ts';

const prefix = 'apiserver_flowcontrol_';

/** All metrics of priority and fairness. */
export function flowControlMetrics(control: FlowControl): Metric[] {
  const flows = () => control.stats.values();
  const levels = () => control.levels;
  return [
    rejections(flows),
    ofFlows('dispatched_requests_total', 'Requests that were let in.', 'counter', flows, (s) => {
      return s.dispatched;
    }),
    ofFlows('current_inqueue_requests', 'Requests that wait.', 'gauge', flows, (s) => {
      return s.waitingRequests;
    }),
    ofFlows('current_inqueue_seats', 'Seats that are waited for.', 'gauge', flows, (s) => {
      return s.waitingSeats;
    }),
    ofFlows('current_executing_requests', 'Requests being served.', 'gauge', flows, (s) => {
      return s.executingRequests;
    }),
    ofFlows('current_executing_seats', 'Seats in use.', 'gauge', flows, (s) => s.executingSeats),
    ofFlows(
      'request_dispatch_no_accommodation_total',
      'How often the next request was wider than what was free.',
      'counter',
      flows,
      (s) => s.noAccommodation,
    ),
    histogram('request_queue_length_after_enqueue', 'Queue lengths that requests found.', flows, {
      of: (s) => [[{}, s.queueLength]],
    }),
    histogram('request_wait_duration_seconds', 'How long requests waited.', flows, {
      of: (s) => [
        [{ execute: 'true' }, s.waitServed],
        [{ execute: 'false' }, s.waitRejected],
      ],
    }),
    histogram('request_execution_seconds', 'How long requests had their seats.', flows, {
      of: (s) => [
        [{ type: 'regular' }, s.executed],
        [{ type: 'watch' }, s.executedWatch],
      ],
    }),
    histogram('work_estimated_seats', 'Seats that requests were given.', flows, {
      of: (s) => [[{}, s.seats]],
    }),
    histogram('watch_count_samples', 'Watches that writes were shown to.', flows, {
      of: (s) => [[{}, s.watchers]],
    }),
    ofLevels('nominal_limit_seats', 'Seats by the share of the level.', levels, (l) => l.nominal),
    ofLevels('lower_limit_seats', 'Seats that are not lent.', levels, (l) => l.lower),
    ofLevels('upper_limit_seats', 'Seats with all that may be borrowed.', levels, (l) => l.upper),
    ofLevels('current_limit_seats', 'Seats at present.', levels, (l) => l.current ?? 0),
    ofLevels(
      'demand_seats_high_watermark',
      'Most seats wanted in the last period.',
      levels,
      (l) => {
        return l.demand.highWatermark;
      },
    ),
    ofLevels('demand_seats_average', 'Seats wanted in the last period.', levels, (l) => {
      return l.demand.average;
    }),
    ofLevels('demand_seats_stdev', 'Deviation of the seats wanted.', levels, (l) => {
      return l.demand.deviation;
    }),
    ofLevels('demand_seats_smoothed', 'Seats wanted over time.', levels, (l) => l.demand.smoothed),
    ofLevels('target_seats', 'Seats that the last allocation aimed at.', levels, (l) => l.target),
    ofLevels('current_r', 'Progress meter of fair queuing.', levels, (l) => l.queues.progress),
    ofLevels('dispatch_r', 'Progress meter at the last dispatch.', levels, (l) => {
      return l.queues.readings.dispatch;
    }),
    ofLevels('latest_s', 'Start of the request dispatched last, by the meter.', levels, (l) => {
      return l.queues.readings.start;
    }),
    {
      name: `${prefix}seat_fair_frac`,
      help: 'The fraction of its target that a level gets.',
      type: 'gauge',
      samples: () => [{ labels: {}, value: control.fairFraction }],
    },
  ];
}

/** What the plain limits count. */
export function inFlightMetrics(limits: InFlightLimit): Metric[] {
  const kinds = [
    ['readOnly', limits.readOnly],
    ['mutating', limits.mutating],
  ] as const;
  return [
    {
      name: 'apiserver_dropped_requests_total',
      help: 'Requests that were sent away because of the limits.',
      type: 'counter',
      samples: () =>
        kinds.map(([kind, { rejected }]) => ({
          labels: { request_kind: kind },
          value: rejected,
        })),
    },
  ];
}

function labelsOf(s: FlowStats): Record<string, string> {
  return { priority_level: s.level, flow_schema: s.schema };
}

function* rejectionSamples(flows: Iterable<FlowStats>): Generator<Sample> {
  for (const s of flows) {
    for (const [reason, value] of Object.entries(s.rejected)) {
      if (value > 0) yield { labels: { ...labelsOf(s), reason }, value };
    }
  }
}

function rejections(flows: () => Iterable<FlowStats>): Metric {
  return {
    name: `${prefix}rejected_requests_total`,
    help: 'Requests that were sent away.',
    type: 'counter',
    samples: () => rejectionSamples(flows()),
  };
}

function ofFlows(
  name: string,
  help: string,
  type: 'counter' | 'gauge',
  flows: () => Iterable<FlowStats>,
  value: (s: FlowStats) => number,
): Metric {
  const samples = () => Array.from(flows(), (s) => ({ labels: labelsOf(s), value: value(s) }));
  return { name: prefix + name, help, type, samples };
}

function ofLevels(
  name: string,
  help: string,
  levels: () => readonly PriorityLevel[],
  value: (level: PriorityLevel) => number,
): Metric {
  const samples = () =>
    levels().map((l) => ({ labels: { priority_level: l.name }, value: value(l) }));
  return { name: prefix + name, help, type: 'gauge', samples };
}

type Parts = { of(s: FlowStats): (readonly [Record<string, string>, Distribution])[] };

function histogram(
  name: string,
  help: string,
  flows: () => Iterable<FlowStats>,
  parts: Parts,
): Metric {
  function* samples(): Generator<Sample> {
    for (const s of flows()) {
      for (const [labels, distribution] of parts.of(s)) {
        yield* distribution.samples({ ...labelsOf(s), ...labels });
      }
    }
  }
  return { name: prefix + name, help, type: 'histogram', samples };
}
