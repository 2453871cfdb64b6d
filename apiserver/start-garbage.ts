/**
 * Loading modules, the type table and the stored objects leaves garbage behind: 15 MB of resident
 * memory that V8 would keep until the server has as much work again, which may be never.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** When a start is over: requests that wait for it have been answered, caches of clients filled. */
const settledMs = 1000;

/** Collects it once, a while from now: a pause of some 50 ms. Does not keep the process alive. */
export function collectStartGarbage(): void {
  setTimeout(() => {
    // The collector is shown to this one context only.
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as (options: object) => void;
    setFlagsFromString('--no-expose-gc');
    // The flavor that also gives the emptied pages back.
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }, settledMs).unref();
}
