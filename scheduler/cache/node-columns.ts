/**
 * The numbers of all nodes, a column per number and a row per node: what the filters and scores of
 * resources read. CPU in thousandths, the rest in whole units.
 */

/** Columns that grow as rows are taken; freed rows are used again. */
export class NodeColumns {
  allocatableCpu: Float64Array;
  allocatableMemory: Float64Array;
  allocatableStorage: Float64Array;
  allowedPods: Float64Array;
  requestedCpu: Float64Array;
  requestedMemory: Float64Array;
  requestedStorage: Float64Array;
  /** Requests with a floor per container, as scoring counts them. */
  nonZeroCpu: Float64Array;
  nonZeroMemory: Float64Array;
  podCount: Float64Array;
  readonly #free: number[] = [];
  #rows = 0;

  constructor(capacity: number) {
    const column = () => new Float64Array(capacity);
    this.allocatableCpu = column();
    this.allocatableMemory = column();
    this.allocatableStorage = column();
    this.allowedPods = column();
    this.requestedCpu = column();
    this.requestedMemory = column();
    this.requestedStorage = column();
    this.nonZeroCpu = column();
    this.nonZeroMemory = column();
    this.podCount = column();
  }

  /** Takes a zeroed row. */
  take(): number {
    const row = this.#free.pop() ?? this.#rows++;
    if (row >= this.podCount.length) this.#resize(Math.max(16, this.podCount.length * 2));
    return row;
  }

  /** Gives a row back and zeroes it. */
  release(row: number): void {
    for (const name of names) this[name][row] = 0;
    this.#free.push(row);
  }

  /** A single-row copy, for trying changes out. */
  extract(row: number): NodeColumns {
    const copy = new NodeColumns(1);
    copy.#rows = 1;
    for (const name of names) copy[name][0] = this[name][row]!;
    return copy;
  }

  #resize(capacity: number): void {
    for (const name of names) {
      const wider = new Float64Array(capacity);
      wider.set(this[name]);
      this[name] = wider;
    }
  }
}

const names = [
  'allocatableCpu',
  'allocatableMemory',
  'allocatableStorage',
  'allowedPods',
  'requestedCpu',
  'requestedMemory',
  'requestedStorage',
  'nonZeroCpu',
  'nonZeroMemory',
  'podCount',
] as const;
