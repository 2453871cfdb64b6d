/**
 * The thread of the embedded store. What has queued up while a commit was running is taken
 * together: all its writes in one transaction, one fsync; then the answers; then its reads.
 *
 * Why a thread: an fsync takes 0.2 ms on a good disk and 10 ms or more on a bad one, a checkpoint
 * some 10 ms, and the API server's event loop would stand still as long.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import {
  CompactedError,
  FutureRevisionError,
  LeaseNotFoundError,
  StoreUnavailableError,
} from '../storage.ts';
import { Engine, type Outcome } from './engine.ts';
import { Housekeeping } from './housekeeping.ts';
import { MessageReader, MessageWriter } from './message.ts';
import {
  answer,
  failure,
  lastWrite,
  request,
  type WorkerNotice,
  type WorkerOptions,
  writeEvents,
  writeKeyValue,
} from './protocol.ts';
import { snapshotTo } from './snapshot-file.ts';
import { transaction } from './transaction.ts';

/** One answer to a range or a replay carries about so many bytes of values. */
const chunkBytes = 1024 * 1024;

interface Write {
  readonly id: number;
  run(answers: MessageWriter): void;
}

const port = parentPort!;
const options = workerData as WorkerOptions;
const notify = (notice: WorkerNotice) => port.postMessage(notice);

let engine: Engine | undefined;
try {
  engine = new Engine(options.dataDir, options.minRevision);
} catch (error) {
  notify({ open: false, error: error instanceof Error ? error.message : String(error) });
}
if (engine !== undefined) serve(engine);

function serve(engine: Engine): void {
  let broken: Error | undefined;
  const snapshots = new Set<Promise<void>>();
  const housekeeping = new Housekeeping(engine, options.history, {
    transaction: inTransaction,
    expired: (events) => {
      const answers = new MessageWriter(4096);
      answers.byte(answer.expired);
      answers.number(0);
      writeEvents(answers, events);
      send(answers);
    },
  });
  port.on('message', handle);
  notify({ open: true, revision: engine.revision });
  housekeeping.schedule();

  /** Handles a message and all that wait behind it. */
  function handle(first: ArrayBuffer): void {
    const writes: Write[] = [];
    const reads: (() => void)[] = [];
    const messages: ArrayBuffer[] = [];
    for (let message: ArrayBuffer | undefined = first; message !== undefined; ) {
      messages.push(message);
      parse(new MessageReader(message), writes, reads);
      message = receiveMessageOnPort(port)?.message as ArrayBuffer | undefined;
    }
    if (writes.length > 0) write(writes);
    for (const read of reads) read();
    // This thread makes so little garbage that its collector would leave them for a long time.
    for (const message of messages) message.transfer(0);
    if (broken === undefined) housekeeping.schedule();
  }

  function parse(from: MessageReader, writes: Write[], reads: (() => void)[]): void {
    while (!from.done) {
      const tag = from.byte();
      const id = from.number();
      if (tag <= lastWrite) writes.push({ id, run: parseWrite(from, tag, id) });
      else reads.push(answering(id, parseRead(from, tag, id)));
    }
  }

  function parseWrite(from: MessageReader, tag: number, id: number): Write['run'] {
    if (tag === request.grantLease) {
      const ttlSeconds = from.number();
      return (answers) => {
        const lease = engine.grantLease(ttlSeconds, Date.now());
        writeDone(answers, id, lease);
      };
    }
    const key = from.text();
    switch (tag) {
      case request.create: {
        const value = from.bytes();
        const lease = from.number();
        return (answers) => writeOutcome(answers, id, () => engine.create(key, value, lease));
      }
      case request.update: {
        const value = from.bytes();
        const expected = from.number();
        const lease = from.number();
        return (answers) =>
          writeOutcome(answers, id, () => engine.update(key, value, expected, lease));
      }
      case request.delete: {
        const expected = from.number();
        return (answers) => writeOutcome(answers, id, () => engine.delete(key, expected));
      }
      default:
        throw new Error(`unknown request ${tag}`);
    }
  }

  function parseRead(from: MessageReader, tag: number, id: number): (to: MessageWriter) => void {
    switch (tag) {
      case request.get: {
        const key = from.text();
        return (to) => {
          to.byte(answer.value);
          to.number(id);
          to.number(engine.revision);
          writeKeyValue(to, engine.get(key));
        };
      }
      case request.range: {
        const prefix = from.text();
        const after = from.text();
        const revision = from.number() || engine.revision;
        const limit = from.number();
        const count = from.byte() === 1;
        const scan = { after: after === '' ? undefined : after, revision, limit, count };
        return (to) => {
          const { kvs, more, count } = engine.range(prefix, scan, chunkBytes);
          to.byte(answer.range);
          to.number(id);
          to.number(revision);
          to.byte(more ? 1 : 0);
          to.number(count);
          to.number(kvs.length);
          for (const kv of kvs) writeKeyValue(to, kv);
        };
      }
      case request.changes: {
        const prefix = from.text();
        const first = from.number();
        const last = from.number();
        return (to) => {
          const { events, reached } = engine.changes(prefix, first, last, chunkBytes);
          to.byte(answer.changes);
          to.number(id);
          to.number(reached);
          writeEvents(to, events);
        };
      }
      case request.compact: {
        const revision = from.number();
        return (to) => {
          engine.compact(revision);
          writeDone(to, id, revision);
        };
      }
      case request.snapshot: {
        const path = from.text();
        return () => startSnapshot(id, path);
      }
      case request.close:
        return () => void close(id);
      default:
        throw new Error(`unknown request ${tag}`);
    }
  }

  /** Commits the writes together; when that fails, all of them fail. */
  function write(writes: readonly Write[]): void {
    const answers = new MessageWriter(1024);
    try {
      inTransaction(() => {
        for (const { run } of writes) run(answers);
      });
      send(answers);
    } catch (error) {
      const failures = new MessageWriter(1024);
      for (const { id } of writes) writeFailure(failures, id, error);
      send(failures);
    }
  }

  function inTransaction(body: () => void): void {
    if (broken !== undefined) throw broken;
    transaction(engine, body, (error) => {
      broken = error;
      housekeeping.stop();
    });
  }

  function answering(id: number, run: (to: MessageWriter) => void): () => void {
    return () => {
      const answers = new MessageWriter(1024);
      try {
        if (broken !== undefined) throw broken;
        run(answers);
        send(answers);
      } catch (error) {
        const failures = new MessageWriter(256);
        writeFailure(failures, id, error);
        send(failures);
      }
    };
  }

  function startSnapshot(id: number, path: string): void {
    const running = snapshotTo(engine.database, path)
      .then(
        () => answering(id, (to) => writeDone(to, id, 0)),
        (error: unknown) =>
          answering(id, () => {
            throw error;
          }),
      )
      .then((respond) => respond())
      .finally(() => snapshots.delete(running));
    snapshots.add(running);
  }

  async function close(id: number): Promise<void> {
    housekeeping.stop();
    broken ??= new StoreUnavailableError('the store is closed');
    await Promise.allSettled(snapshots);
    engine.close();
    const answers = new MessageWriter(64);
    writeDone(answers, id, 0);
    send(answers);
    port.close();
  }
}

function send(answers: MessageWriter): void {
  if (answers.empty) return;
  const message = answers.finish();
  port.postMessage(message, [message]);
}

function writeDone(to: MessageWriter, id: number, value: number): void {
  to.byte(answer.done);
  to.number(id);
  to.number(value);
}

function writeOutcome(to: MessageWriter, id: number, run: () => Outcome): void {
  try {
    const outcome = run();
    to.byte(outcome.ok ? answer.written : answer.refused);
    to.number(id);
    to.number(outcome.revision);
    if (outcome.ok) to.number(outcome.createRevision);
    else writeKeyValue(to, outcome.current);
  } catch (error) {
    // The only error that leaves the others in the transaction alone: nothing was written for it.
    if (!(error instanceof LeaseNotFoundError)) throw error;
    writeFailure(to, id, error);
  }
}

function writeFailure(to: MessageWriter, id: number, error: unknown): void {
  to.byte(answer.failed);
  to.number(id);
  const [kind, number] =
    error instanceof CompactedError
      ? [failure.compacted, error.compactRevision]
      : error instanceof FutureRevisionError
        ? [failure.future, error.currentRevision]
        : error instanceof LeaseNotFoundError
          ? [failure.leaseNotFound, error.lease]
          : [error instanceof StoreUnavailableError ? failure.unavailable : failure.other, 0];
  to.byte(kind);
  to.number(number);
  to.text(error instanceof Error ? error.message : String(error));
}
