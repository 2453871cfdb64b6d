import assert from 'node:assert/strict';
import { CallLimit } from './call-limit.ts';

describe('the time of a call', () => {
  it('is that of the webhook, or what the request has left', () => {
    using own = new CallLimit({}, 10_000);
    assert.equal(own.seconds, 10);
    using short = new CallLimit({ deadlineMs: performance.now() + 2500 }, 10_000);
    assert.equal(short.seconds, 3);
    using long = new CallLimit({ deadlineMs: performance.now() + 20_000 }, 10_000);
    assert.equal(long.seconds, 10);
  });

  it('may be over before it begins', () => {
    assert.throws(() => new CallLimit({ deadlineMs: performance.now() - 1 }, 10_000), {
      code: 504,
      message:
        'Timeout: request did not complete within requested timeout - context deadline exceeded',
    });
  });

  it('ends with the client, who is forgotten afterwards', () => {
    let gone: (() => void) | undefined;
    const onGone = (run: () => void) => {
      gone = run;
      return () => {
        gone = undefined;
      };
    };
    {
      using limit = new CallLimit({ onGone }, 10_000);
      assert.equal(limit.canceled, false);
      gone!();
      assert.deepEqual(
        [limit.signal.aborted, limit.canceled, limit.requestIsOver],
        [true, true, false],
      );
      assert.equal((limit.signal.reason as Error).message, 'context canceled');
    }
    assert.equal(gone, undefined);
  });
});
