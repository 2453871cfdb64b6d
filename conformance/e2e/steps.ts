/** Steps of scenarios: counted, timed, told. */
import type { Cluster } from './cluster.ts';
import type { Machine } from './machine.ts';

/** What a scenario works with. */
export interface Scene {
  readonly machine: Machine;
  readonly cluster: Cluster;
  /** Does one thing and checks it. A failure ends the scenario. */
  step(what: string, work: () => Promise<unknown>): Promise<void>;
  /** Something measured, for the summary. */
  figure(text: string): void;
}

export interface Scenario {
  readonly name: string;
  run(scene: Scene): Promise<void>;
}

/** Ends a scenario whose step failed; told already. */
export class StepFailed extends Error {}

export class Steps {
  passed = 0;
  failed = 0;
  readonly figures: string[] = [];
  private readonly startedMs = performance.now();

  async step(what: string, work: () => Promise<unknown>): Promise<void> {
    const startedMs = performance.now();
    try {
      await work();
    } catch (error) {
      this.failed++;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      console.log(`  FAILED  ${what}\n${text.replace(/^/gm, '    ')}`);
      throw new StepFailed(what);
    }
    this.passed++;
    console.log(
      `  ok ${((performance.now() - startedMs) / 1000).toFixed(1).padStart(5)} s  ${what}`,
    );
  }

  figure(text: string): void {
    this.figures.push(text);
    console.log(`            ${text}`);
  }

  /** Runs one scenario to its end or its first failure; true when all went well. */
  async run(scenario: Scenario, scene: Omit<Scene, 'step' | 'figure'>): Promise<boolean> {
    console.log(
      `-- ${scenario.name} (at ${((performance.now() - this.startedMs) / 1000).toFixed(0)} s)`,
    );
    try {
      await scenario.run({
        ...scene,
        step: (what, work) => this.step(what, work),
        figure: (text) => this.figure(text),
      });
      return true;
    } catch (error) {
      if (error instanceof StepFailed) return false;
      return await this.step(`${scenario.name}: the rest`, () => Promise.reject(error)).then(
        () => true,
        () => false,
      );
    }
  }
}
