/** What the runtime says of itself: ready, network ready, version, features. */
import { sleep } from '../../client/abort.ts';
import { errorFields, type Log } from '../../client/log.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import type { NodeStatus } from '../../machinery/schema/wire.ts';
import { errorText } from '../cri/cri-error.ts';
import type { RuntimeCondition, StatusResponse } from '../cri/messages.ts';
import type { Runtime } from '../cri/runtime.ts';

/** How often the runtime is asked, and how often while something is missing. */
const checkMs = 5000;
const impatientMs = 250;
/** A runtime that has not answered for this long is down. */
const downAfterMs = 30_000;

function conditionText(c: RuntimeCondition): string {
  return `${c.type}=${c.status} reason:${c.reason} message:${c.message}`;
}

export class RuntimeState {
  private readonly runtime: Runtime;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly onChange: () => void;
  private answeredAtMs: number | undefined;
  private runtimeProblem: string | undefined;
  private network: string | undefined = 'container runtime network not ready';
  private status: StatusResponse | undefined;
  private lastText = '';
  /** `containerd`, and its version. */
  name = '';
  version = '';

  /** `onChange` is called when readiness changes either way. */
  constructor(runtime: Runtime, clock: Clock, log: Log, onChange: () => void) {
    this.runtime = runtime;
    this.clock = clock;
    this.log = log;
    this.onChange = onChange;
  }

  /** Asks for the runtime's name; throws when it cannot be reached. */
  async identify(): Promise<void> {
    const { runtimeName, runtimeVersion } = await this.runtime.call('Version', {});
    this.name = runtimeName;
    this.version = runtimeVersion;
  }

  /** Keeps asking until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.check();
      const settled = this.network === undefined && this.runtimeProblem === undefined;
      await sleep(this.clock, settled ? checkMs : impatientMs, signal);
    }
  }

  /** Asks once. */
  async check(): Promise<void> {
    try {
      this.status = await this.runtime.call('Status', {});
      this.answeredAtMs = this.clock.now();
      const find = (type: string): RuntimeCondition | undefined =>
        this.status?.status?.conditions.find((c) => c.type === type);
      const ready = find('RuntimeReady');
      const network = find('NetworkReady');
      this.runtimeProblem = ready?.status
        ? undefined
        : `container runtime not ready: ${ready ? conditionText(ready) : 'no condition'}`;
      this.network = network?.status
        ? undefined
        : `container runtime network not ready: ${network ? conditionText(network) : 'no condition'}`;
    } catch (error) {
      this.log.debug({ ...errorFields(error) }, 'runtime status not known');
      this.runtimeProblem = errorText(error);
    }
    const text = `${this.runtimeProblem}|${this.network}`;
    if (text === this.lastText) return;
    this.lastText = text;
    this.onChange();
  }

  /** Why pods with networks of their own cannot start. */
  networkProblem(): string | undefined {
    return this.network;
  }

  /** Everything that keeps the node from being ready. */
  problems(): string[] {
    const out: string[] = [];
    if (this.answeredAtMs === undefined) {
      out.push('container runtime status check may not have completed yet');
    } else if (this.clock.now() - this.answeredAtMs > downAfterMs) {
      out.push('container runtime is down');
    } else if (this.runtimeProblem !== undefined) {
      out.push(this.runtimeProblem);
    }
    if (this.network !== undefined) out.push(this.network);
    return out;
  }

  /** Some handler mounts recursively read-only. */
  recursiveReadOnly(): boolean {
    const own = this.status?.runtimeHandlers.find((h) => h.name === '');
    return own?.features?.recursiveReadOnlyMounts ?? false;
  }

  strictGroups(): boolean {
    return this.status?.features?.supplementalGroupsPolicy ?? false;
  }

  handlers(): NodeStatus['runtimeHandlers'] {
    return this.status?.runtimeHandlers
      .map(({ name, features }) => ({
        name,
        features: {
          recursiveReadOnlyMounts: features?.recursiveReadOnlyMounts ?? false,
          userNamespaces: features?.userNamespaces ?? false,
        },
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  features(): NodeStatus['features'] {
    const features = this.status?.features;
    if (!features) return undefined;
    return { supplementalGroupsPolicy: features.supplementalGroupsPolicy };
  }
}
