/**
 * The second run of the mutating phase: what one plugin changed, others may want to see. It comes at
 * most once a request.
 */

export class Reinvocation {
  #wanted = false;
  #running = false;
  #notes: Map<string, unknown> | undefined;

  /** Something was changed that plugins before have not seen. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Whether this is the second run. */
  get running(): boolean {
    return this.#running;
  }

  /** Asks for the second run. */
  want(): void {
    this.#wanted = true;
  }

  /** The second run begins. */
  begin(): void {
    this.#running = true;
  }

  /** What a plugin keeps from one run to the other, made when first asked for. */
  note<T>(plugin: string, make: () => T): T {
    this.#notes ??= new Map();
    if (!this.#notes.has(plugin)) this.#notes.set(plugin, make());
    return this.#notes.get(plugin) as T;
  }
}
