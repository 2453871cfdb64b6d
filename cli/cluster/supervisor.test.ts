import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askDown, checkDataDir, takeDataDir } from './control-socket.ts';
import { Layout } from './layout.ts';
import { Supervisor, stopLeftovers } from './supervisor.ts';

describe('supervisor', () => {
  let layout: Layout;
  beforeEach(() => {
    layout = new Layout(mkdtempSync(join(tmpdir(), 'k8ts-supervisor-')));
    mkdirSync(join(layout.root, 'run'));
  });
  afterEach(() => rmSync(layout.root, { recursive: true }));
  const pid = () => Number(readFileSync(layout.pid('sleeper'), 'utf8'));
  const sleeper = () => ({
    name: 'sleeper',
    command: 'sh',
    args: ['-c', script, layout.root + '/'],
  });
  const script = 'echo started; exec sleep 60 # $0';

  it('starts again what dies, and tells', async () => {
    const told = Promise.withResolvers<string>();
    const supervisor = new Supervisor(layout, told.resolve);
    supervisor.start(sleeper());
    process.kill(pid(), 'SIGKILL');
    assert.match(await told.promise, /sleeper ended \(SIGKILL\); starting it again in 200 ms/);
    assert.equal(supervisor.restarts('sleeper'), 1);
    assert.equal(existsSync(layout.pid('sleeper')), false);
    await supervisor.stop('sleeper');
  });
  it('tells when a program is not there', async () => {
    const told = Promise.withResolvers<string>();
    const supervisor = new Supervisor(layout, told.resolve);
    supervisor.start({ name: 'none', command: '/does/not/exist', args: [] });
    assert.match(await told.promise, /none ended \(spawn .* ENOENT\)/);
    await supervisor.stop('none');
  });
  it('stops for good', async () => {
    const supervisor = new Supervisor(layout, () => assert.fail('not expected'));
    supervisor.start(sleeper());
    const stopped = pid();
    await supervisor.stop('sleeper');
    assert.throws(() => process.kill(stopped, 0));
    await supervisor.stop('never started');
  });
  it('ends what an earlier one left, but no process of somebody else', async () => {
    const supervisor = new Supervisor(layout, () => undefined);
    supervisor.start({ name: 'sleeper', command: 'sleep', args: ['60'] });
    const other = pid();
    await stopLeftovers(['sleeper', 'none'], layout);
    process.kill(other, 0);
    await supervisor.stop('sleeper');
  });

  it('owns its data directory', async () => {
    await checkDataDir(layout);
    {
      await using _taken = await takeDataDir(layout, () => undefined);
      await assert.rejects(
        takeDataDir(layout, () => undefined),
        /already runs on .*k8ts down/,
      );
    }
    assert.equal(existsSync(layout.control), false);
    assert.equal(await askDown(layout, () => undefined), false);
  });
  it('is asked to stop through its socket, and tells how it goes', async () => {
    const asked = Promise.withResolvers<void>();
    const control = await takeDataDir(layout, asked.resolve);
    const heard: string[] = [];
    const answered = askDown(layout, (line) => heard.push(line));
    await asked.promise;
    control.tell('stopping');
    control.tell('stopped');
    await control[Symbol.asyncDispose]();
    assert.equal(await answered, true);
    assert.deepEqual(heard, ['stopping', 'stopped']);
  });
});
