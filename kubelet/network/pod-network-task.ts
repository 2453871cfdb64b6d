/** Keeps the node's pod network as the pod CIDR says, which the control plane may give late. */
import { sleep } from '../../client/abort.ts';
import { errorFields, type Log } from '../../client/log.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import { type PodNetworkOptions, setUpPodNetwork } from './pod-network.ts';

export interface PodNetworkTaskOptions {
  readonly network: PodNetworkOptions;
  /** The ranges as known now; none while nobody has given any. */
  readonly podCidrs: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

const untilGivenMs = 250;
const recheckMs = 5000;

export class PodNetworkTask {
  private readonly options: PodNetworkTaskOptions;
  private failure: string | undefined;
  private done = '';

  constructor(options: PodNetworkTaskOptions) {
    this.options = options;
  }

  /** Why the node has no pod network; undefined while nothing failed. */
  problem(): string | undefined {
    return this.failure;
  }

  /** Runs until the signal aborts; what it set up stays. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, podCidrs } = this.options;
    while (!signal.aborted) {
      const cidrs = podCidrs();
      if (cidrs.length > 0 && cidrs.join() !== this.done) await this.setUp(cidrs);
      await sleep(clock, cidrs.length > 0 ? recheckMs : untilGivenMs, signal);
    }
  }

  private async setUp(podCidrs: readonly string[]): Promise<void> {
    const { network, log } = this.options;
    try {
      await setUpPodNetwork(network, podCidrs);
      this.done = podCidrs.join();
      this.failure = undefined;
      log.info({ podCIDRs: podCidrs }, 'pod network set up');
    } catch (error) {
      this.failure = `pod network: ${(error as Error).message}`;
      log.error(errorFields(error), 'pod network not set up');
    }
  }
}
