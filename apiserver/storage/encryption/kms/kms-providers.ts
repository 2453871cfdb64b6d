/** The key management plugins of one configuration. */
import type { KmsConfiguration } from './kms-configuration.ts';
import type { KmsMetrics } from './kms-metrics.ts';
import type { KmsProvider } from './kms-provider.ts';

export interface KmsEnvironment {
  readonly metrics: KmsMetrics;
  readonly signal: AbortSignal;
  now(): number;
  onProblem(what: string, error: unknown): void;
}

export class KmsProviders {
  readonly #env: KmsEnvironment;
  readonly #all: KmsProvider[] = [];
  readonly #runs: Promise<void>[] = [];
  #timeoutsMs = 0;

  constructor(env: KmsEnvironment) {
    this.#env = env;
  }

  /** Whether there are any. */
  get any(): boolean {
    return this.#all.length > 0;
  }

  /** How long calls that are under way may take at the most. */
  get timeoutsMs(): number {
    return this.#timeoutsMs;
  }

  /** Adds a plugin. Nothing is asked of it before `start`. */
  async open({ name, endpoint, timeoutMs }: KmsConfiguration): Promise<KmsProvider> {
    // Loaded when a configuration asks for it: both bring libraries that few servers need.
    const [{ GrpcKmsService }, { KmsProvider }] = await Promise.all([
      import('./grpc-kms-service.ts'),
      import('./kms-provider.ts'),
    ]);
    const { metrics } = this.#env;
    const service = new GrpcKmsService(endpoint, timeoutMs, (method, seconds, code) =>
      metrics.called(name, method, seconds, code),
    );
    const provider = new KmsProvider({ ...this.#env, name, service });
    this.#all.push(provider);
    this.#timeoutsMs += timeoutMs;
    return provider;
  }

  /** Resolves when each has been asked once, whatever it said; they are looked after until `close`. */
  async start(): Promise<void> {
    await Promise.all(
      this.#all.map(async (provider) => {
        const problem = await provider.check();
        if (problem !== undefined) {
          this.#env.onProblem(`the key management plugin ${provider.name} is not well`, problem);
        }
        this.#runs.push(provider.run());
      }),
    );
  }

  /** What is wrong with them; undefined when nothing is. */
  async check(): Promise<string | undefined> {
    const answers = await Promise.all(this.#all.map((provider) => provider.check()));
    const problems = answers.flatMap((problem, i) =>
      problem === undefined ? [] : [`kms-provider-${i}: ${problem}`],
    );
    if (problems.length === 0) return undefined;
    return problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`;
  }

  /** Resolves when nothing of them runs any more. */
  async close(): Promise<void> {
    for (const provider of this.#all) provider.close();
    await Promise.all(this.#runs);
  }
}
