/** How many seats a priority level could use, over time: what borrowing is decided by. */

/** Half of what was is forgotten in five minutes of adjustments every ten seconds. */
const smoothing = 0.977;

export class SeatDemand {
  /** Of the last period. */
  average = 0;
  deviation = 0;
  highWatermark = 0;
  /** Of all periods: follows a rise at once and a fall slowly. */
  smoothed = 0;
  #seats = 0;
  #peak = 0;
  #sinceMs: number;
  #elapsed = 0;
  #sum = 0;
  #squares = 0;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  /** The demand from now on: seats in use and seats waited for. */
  set(seats: number, nowMs: number): void {
    this.#integrate(nowMs);
    this.#seats = seats;
    if (seats > this.#peak) this.#peak = seats;
  }

  /** Ends a period: the figures are those of it. */
  endPeriod(nowMs: number): void {
    this.#integrate(nowMs);
    this.highWatermark = this.#peak;
    if (this.#elapsed > 0) {
      const average = this.#sum / this.#elapsed;
      const variance = this.#squares / this.#elapsed - average * average;
      this.average = average;
      this.deviation = variance > 0 ? Math.sqrt(variance) : 0;
      const envelope = this.average + this.deviation;
      this.smoothed = Math.max(envelope, smoothing * this.smoothed + (1 - smoothing) * envelope);
    }
    this.#elapsed = 0;
    this.#sum = 0;
    this.#squares = 0;
    this.#peak = this.#seats;
  }

  #integrate(nowMs: number): void {
    const elapsed = nowMs - this.#sinceMs;
    if (elapsed <= 0) return;
    this.#sinceMs = nowMs;
    this.#elapsed += elapsed;
    this.#sum += this.#seats * elapsed;
    this.#squares += this.#seats * this.#seats * elapsed;
  }
}
