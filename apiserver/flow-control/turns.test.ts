/** Who may use the event loop next. */
import assert from 'node:assert/strict';
import { Share, Turns } from './turns.ts';

function setUp() {
  let nowMs = 0;
  let afterPoll: (() => void)[] = [];
  let afterStep: (() => void)[] = [];
  const turns = new Turns({
    nowMs: () => nowMs,
    afterPoll: (run) => afterPoll.push(run),
    afterStep: (run) => afterStep.push(run),
  });
  return {
    turns,
    work(ms: number) {
      nowMs += ms;
    },
    /** The end of a turn of the event loop: one slice. */
    endTurn() {
      const due = afterPoll;
      afterPoll = [];
      for (const run of due) run();
      while (afterStep.length > 0) {
        const steps = afterStep;
        afterStep = [];
        for (const run of steps) run();
      }
    },
  };
}

describe('Turns', () => {
  it('serves at once while the loop is not late', () => {
    const { turns, work, endTurn } = setUp();
    assert.equal(turns.open(), true);
    work(1);
    assert.equal(turns.open(), true);
    work(10);
    assert.equal(turns.open(), false);
    endTurn();
    assert.equal(turns.open(), true);
  });

  it('lets nobody pass those that wait', () => {
    const { turns, endTurn } = setUp();
    const share = new Share();
    const served: string[] = [];
    turns.enter(share, 'f', () => served.push('a'));
    assert.equal(turns.open(), false);
    endTurn();
    assert.deepEqual(served, ['a']);
    assert.equal(turns.open(), true);
  });

  it('serves a slice, then lets sockets be read', () => {
    const { turns, work, endTurn } = setUp();
    const share = new Share();
    let served = 0;
    for (let i = 0; i < 10; i++) {
      turns.enter(share, 'f', () => {
        served++;
        work(4);
      });
    }
    endTurn();
    assert.equal(served, 3);
    endTurn();
    assert.equal(served, 6);
  });

  it('lets a level that used little go before one that floods', () => {
    const { turns, work, endTurn } = setUp();
    const flood = new Share();
    const quiet = new Share();
    const served: string[] = [];
    for (let i = 0; i < 100; i++) {
      turns.enter(flood, 'f', () => {
        served.push('flood');
        work(10);
      });
    }
    endTurn();
    endTurn();
    turns.enter(quiet, 'f', () => served.push('quiet'));
    endTurn();
    assert.ok(served.indexOf('quiet') <= 3, served.join(' '));
  });

  it('lets the flows of a level take turns', () => {
    const { turns, endTurn } = setUp();
    const share = new Share();
    const served: string[] = [];
    for (const name of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) {
      turns.enter(share, name[0]!, () => served.push(name));
    }
    endTurn();
    assert.deepEqual(served, ['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    assert.equal(share.empty, true);
  });

  it('shares the loop by weight', () => {
    const { turns, work, endTurn } = setUp();
    const [wide, narrow] = [new Share(), new Share()];
    wide.weight = 30;
    narrow.weight = 10;
    let [a, b] = [0, 0];
    for (let i = 0; i < 400; i++) {
      turns.enter(wide, 'f', () => {
        a++;
        work(1);
      });
      turns.enter(narrow, 'f', () => {
        b++;
        work(1);
      });
    }
    for (let i = 0; i < 20; i++) endTurn();
    assert.ok(a > 2.5 * b && a < 3.5 * b, `${a} and ${b}`);
  });

  it('does not save up the time of those who were away', () => {
    const { turns, work, endTurn } = setUp();
    const [busy, late] = [new Share(), new Share()];
    let lateServed = 0;
    for (let i = 0; i < 50; i++) turns.enter(busy, 'f', () => work(10));
    for (let i = 0; i < 20; i++) endTurn();
    for (let i = 0; i < 50; i++) {
      turns.enter(late, 'f', () => {
        lateServed++;
        work(10);
      });
    }
    for (let i = 0; i < 10; i++) endTurn();
    assert.ok(lateServed <= 6, String(lateServed));
  });
});
