/** One loaded table: what the kernel has, and how it is brought up to date. */
import type { Clock } from '../machinery/meta/clock.ts';
import { loadScript, type RunTool } from './nft.ts';
import { type Ruleset, wordsOf } from './rules/ruleset.ts';
import { changeScript, fullScript, removeScript } from './rules/script.ts';
import type { Family } from './service-ports.ts';

/** Emptied chains are deleted no sooner than this. */
const graceMs = 1000;

/** Owned by the proxier; one per family. */
export class LoadedTable {
  readonly #family: Family;
  readonly #name: string;
  readonly #run: RunTool;
  readonly #clock: Clock;
  #loaded: Ruleset | undefined;
  /** Chains that are empty in the kernel, and since when. */
  readonly #emptied = new Map<string, number>();

  constructor(family: Family, name: string, run: RunTool, clock: Clock) {
    this.#family = family;
    this.#name = name;
    this.#run = run;
    this.#clock = clock;
  }

  get family(): Family {
    return this.#family;
  }

  /** True when emptied chains wait to be deleted. */
  get hasLeftovers(): boolean {
    return this.#emptied.size > 0;
  }

  /**
   * Loads a state: the whole of it the first time and after a failure, else the difference.
   * When there is no difference it makes sure that the table is still there (somebody may have
   * flushed the machine's rules). Returns the script that was run. Throws what nft says.
   */
  async load(next: Ruleset): Promise<string> {
    const now = this.#clock.now();
    const before = this.#loaded;
    if (before === undefined) {
      const script = fullScript(next);
      await loadScript(this.#run, script);
      this.#emptied.clear();
      this.#loaded = next;
      return script;
    }
    for (const name of next.chains.keys()) this.#emptied.delete(name);
    const old = [...this.#emptied].filter(([, since]) => now - since >= graceMs);
    const leftover = new Set(old.map(([name]) => name));
    const { script, emptied } = changeScript(before, next, leftover);
    if (script === '') {
      if (await this.#exists()) return '';
      this.#loaded = undefined;
      return this.load(next);
    }
    // What fails leaves the table as it was, but why is not known: start over.
    this.#loaded = undefined;
    await loadScript(this.#run, script);
    this.#loaded = next;
    for (const name of leftover) this.#emptied.delete(name);
    for (const name of emptied) this.#emptied.set(name, now);
    return script;
  }

  async #exists(): Promise<boolean> {
    const { ip } = wordsOf(this.#family);
    const { code } = await this.#run('nft', ['-t', 'list', 'table', ip, this.#name]);
    return code === 0;
  }

  /** Takes the table away. */
  async remove(): Promise<void> {
    this.#loaded = undefined;
    await loadScript(this.#run, removeScript({ family: this.#family, table: this.#name }));
  }
}
