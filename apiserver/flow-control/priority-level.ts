/** The running state of one PriorityLevelConfiguration. */
import type { PriorityLevelConfiguration } from '../../machinery/schema/wire.ts';
import { QueueSet, type QueueSetOptions, type Queuing } from './queue-set.ts';
import { RetryAfter } from './retry-after.ts';
import { SeatDemand } from './seat-demand.ts';
import { Dealer } from './shuffle-sharding.ts';
import { Share } from './turns.ts';

/** What the specification of a level says, with its union checked. */
export interface LevelSpec {
  readonly queuing: Queuing;
  readonly dealer: Dealer | undefined;
  readonly handSize: number;
  readonly shares: number;
  readonly lendablePercent: number;
  readonly borrowingLimitPercent: number | undefined;
}

export class PriorityLevel {
  readonly name: string;
  uid: string;
  spec: LevelSpec;
  readonly demand: SeatDemand;
  readonly queues: QueueSet;
  readonly share = new Share();
  readonly retryAfter = new RetryAfter();
  /** No object says any more that it exists; it is kept until it has run empty. */
  leaving = false;
  /** Seats by its share, what of them it keeps for itself, and what it may have at the most. */
  nominal = 0;
  lower = 0;
  upper = 0;
  /** Seats that it has now; undefined before the first allocation. */
  current: number | undefined;
  /** What the last allocation aimed at. */
  target = 0;
  /** Widest request, 0 for no bound of its own. */
  maxSeats = 0;

  constructor(name: string, uid: string, spec: LevelSpec, clock: Omit<QueueSetOptions, 'demand'>) {
    this.name = name;
    this.uid = uid;
    this.spec = spec;
    this.demand = new SeatDemand(clock.nowMs());
    this.queues = new QueueSet({ ...clock, demand: this.demand });
  }

  get exempt(): boolean {
    return this.spec.queuing === 'exempt';
  }
}

/** Reads a specification; undefined for one that is broken, which counts as not being there. */
export function levelSpec(object: PriorityLevelConfiguration): LevelSpec | undefined {
  const { spec } = object;
  const isExempt = spec?.type === 'Exempt';
  if (isExempt !== (spec?.exempt !== undefined)) return undefined;
  if ((spec?.type === 'Limited') !== (spec?.limited !== undefined)) return undefined;
  if (isExempt !== (object.metadata?.name === 'exempt')) return undefined;
  if (isExempt) {
    return {
      queuing: 'exempt',
      dealer: undefined,
      handSize: 0,
      shares: spec?.exempt?.nominalConcurrencyShares ?? 0,
      lendablePercent: spec?.exempt?.lendablePercent ?? 0,
      borrowingLimitPercent: undefined,
    };
  }
  const limited = spec?.limited;
  if (limited === undefined) return undefined;
  const { limitResponse } = limited;
  const configured = limitResponse?.queuing;
  if ((limitResponse?.type === 'Reject') !== (configured === undefined)) return undefined;
  const { queues = 64, handSize = 8, queueLengthLimit = 50 } = configured ?? {};
  if (configured !== undefined && (handSize < 1 || handSize > queues)) return undefined;
  return {
    queuing: configured === undefined ? 'reject' : { queues, queueLengthLimit },
    dealer: configured === undefined ? undefined : new Dealer(queues, handSize),
    handSize: configured === undefined ? 0 : handSize,
    shares: limited.nominalConcurrencyShares ?? 30,
    lendablePercent: limited.lendablePercent ?? 0,
    borrowingLimitPercent: limited.borrowingLimitPercent,
  };
}
