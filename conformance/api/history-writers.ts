/** Clients that change config maps and pods at random, and remember what was acknowledged. */
import type { Api, ApiObject } from './api.ts';
import type { Random } from './random.ts';
import { namespaces } from './selection.ts';

/** Answers that a writer takes for granted: lost races, and a store that is away. */
const expectedCodes = new Set([200, 201, 202, 404, 409, 503, 504]);

export class Writers {
  /** Revisions that were acknowledged, by resource. */
  readonly acknowledged: Record<'configmaps' | 'pods', number[]> = { configmaps: [], pods: [] };
  readonly problems: string[] = [];
  /** Answers 503 and 504. */
  unavailable = 0;
  readonly #api: Api;
  #serial = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Namespaces and the service accounts that pods need. */
  async prepare(): Promise<void> {
    for (const name of namespaces) {
      await this.#api.call('POST', '/api/v1/namespaces', { metadata: { name } });
      const path = `/api/v1/namespaces/${name}/serviceaccounts`;
      await this.#api.call('POST', path, { metadata: { name: 'default' } });
    }
  }

  /** A revision that was acknowledged not long ago. */
  recent(random: Random): number {
    const all = this.acknowledged.configmaps;
    if (all.length === 0) return 1;
    return all[Math.max(0, all.length - 1 - random.below(200))]!;
  }

  /** Writes until `signal`. */
  async run(random: Random, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await (random.oneIn(4) ? this.#writePod(random) : this.#writeConfigMap(random));
      } catch (error) {
        // The server or its connection is gone for the moment.
        if (!/ECONN|socket hang up|EPIPE/.test(String(error))) this.problems.push(String(error));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** One change that is acknowledged, so that every watch has something to wait for. */
  async mark(): Promise<number> {
    const metadata = { name: `mark-${this.#serial}`, ...this.#meta({}) };
    const path = `/api/v1/namespaces/${namespaces[0]}/configmaps`;
    const { object } = await this.#api.call('POST', path, { metadata });
    return Number(object.metadata.resourceVersion);
  }

  async #writeConfigMap(random: Random): Promise<void> {
    const folder = `/api/v1/namespaces/${random.pick(namespaces)}/configmaps`;
    const name = `n${random.below(8)}`;
    const path = `${folder}/${name}`;
    const labels = randomLabels(random);
    const data = { padding: 'x'.repeat(random.below(300)) };
    switch (random.below(8)) {
      case 0:
      case 1:
        return this.#send('POST', folder, { metadata: { name, ...this.#meta(labels) }, data });
      case 2:
        return this.#send('PUT', path, { metadata: { name, ...this.#meta(labels) }, data });
      case 3: {
        // An update that is refused when somebody else was faster.
        const { status, object } = await this.#api.call('GET', path);
        if (status !== 200) return;
        const { resourceVersion } = object.metadata;
        const metadata = { name, resourceVersion, ...this.#meta(labels) };
        return this.#send('PUT', path, { metadata, data });
      }
      case 4:
        return this.#send('DELETE', path, undefined);
      case 5:
        if (!random.oneIn(5)) return this.#send('DELETE', path, undefined);
        return this.#send('DELETE', `${folder}?labelSelector=color%3Dred`, undefined);
      default: {
        const patch = { metadata: this.#meta({ color: null, size: null, ...labels }), data };
        return this.#send('PATCH', path, patch, 'application/merge-patch+json');
      }
    }
  }

  async #writePod(random: Random): Promise<void> {
    const folder = `/api/v1/namespaces/${random.pick(namespaces)}/pods`;
    const name = `n${random.below(6)}`;
    const path = `${folder}/${name}`;
    switch (random.below(5)) {
      case 0:
      case 1: {
        const metadata = { name, ...this.#meta(randomLabels(random)) };
        const spec = { containers: [{ name: 'c', image: 'i' }] };
        return this.#send('POST', folder, { metadata, spec });
      }
      case 2: {
        const target = { kind: 'Node', name: `node-${random.below(3)}` };
        return this.#send('POST', `${path}/binding`, { metadata: { name }, target });
      }
      case 3: {
        const status = { phase: random.pick(['Pending', 'Running', 'Failed']) };
        const patch = { metadata: this.#meta({}), status };
        return this.#send('PATCH', `${path}/status`, patch, 'application/merge-patch+json');
      }
      default:
        return this.#send('DELETE', `${path}?gracePeriodSeconds=0`, undefined);
    }
  }

  #meta(labels: Record<string, string | null>): object {
    return { labels, annotations: { serial: String(++this.#serial) } };
  }

  async #send(
    method: string,
    path: string,
    body: unknown,
    type = 'application/json',
  ): Promise<void> {
    const { status, object } = await this.#api.call(method, path, body, { 'content-type': type });
    if (!expectedCodes.has(status)) {
      this.problems.push(`${method} ${path}: ${status} ${object.message}`);
    }
    if (status === 503 || status === 504) this.unavailable++;
    if (method !== 'DELETE' && status < 300) this.#remember(object);
  }

  #remember(object: ApiObject): void {
    const resource = object.kind === 'ConfigMap' ? 'configmaps' : 'pods';
    // A binding answers with a Status.
    if (object.metadata.resourceVersion === undefined) return;
    this.acknowledged[resource].push(Number(object.metadata.resourceVersion));
  }
}

function randomLabels(random: Random): Record<string, string> {
  return {
    ...(random.oneIn(3) ? {} : { color: random.pick(['red', 'blue', 'green']) }),
    ...(random.oneIn(2) ? {} : { size: String(random.below(10)) }),
  };
}
