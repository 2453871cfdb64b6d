/** When free memory is given back. */
import assert from 'node:assert/strict';
import { freeWhenDue } from './free-memory.ts';

const mib = 1024 * 1024;

/** A process whose holes are so large, and all of which are given back. */
class Process {
  bytes = 50 * mib;
  micros = 0;
  holes = 0;
  frees = 0;
  readonly look = freeWhenDue({ bytes: () => this.bytes, micros: () => this.micros }, () => {
    this.frees++;
    this.bytes -= this.holes;
    this.holes = 0;
  });
}

describe('free memory', () => {
  it('is given back once, and when the process has grown since the last time', () => {
    const process = new Process();
    process.look();
    process.look();
    assert.equal(process.frees, 1);
    process.bytes += 20 * mib;
    process.holes = 8 * mib;
    process.look();
    assert.deepEqual([process.frees, process.bytes], [2, 62 * mib]);
    process.bytes += 11 * mib;
    process.look();
    assert.equal(process.frees, 2);
    process.bytes += mib;
    process.look();
    assert.equal(process.frees, 3);
  });

  it('is given back when it has become smaller on its own and then grown', () => {
    const process = new Process();
    process.look();
    process.bytes -= 30 * mib;
    process.look();
    process.bytes += 12 * mib;
    process.look();
    assert.equal(process.frees, 2);
  });

  it('is given back after much work, though nothing has grown', () => {
    const process = new Process();
    process.look();
    for (let i = 0; i < 11; i++) {
      process.micros += 1_000_000;
      process.look();
    }
    assert.equal(process.frees, 3);
  });
});
