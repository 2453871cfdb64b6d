import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials, type sendUnaryData, status } from '@grpc/grpc-js';
import { decode, encode } from './codec.ts';
import { CriError, isNotFound, isUnimplemented } from './cri-error.ts';
import { dialAddress, GrpcRuntime } from './grpc-runtime.ts';
import { ContainerState } from './messages.ts';

type Answer = (request: object, send: sendUnaryData<object>) => void;

/** A gRPC server with the given methods of the RuntimeService. */
async function serve(socket: string, methods: Record<string, Answer>): Promise<Server> {
  const server = new Server();
  const definition = Object.fromEntries(
    Object.keys(methods).map((name) => [
      name,
      {
        path: `/runtime.v1.RuntimeService/${name}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: (m: object) => encode(`${name}Request`, m),
        requestDeserialize: (b: Buffer) => decode(`${name}Request`, b),
        responseSerialize: (m: object) => encode(`${name}Response`, m),
        responseDeserialize: (b: Buffer) => decode(`${name}Response`, b),
      },
    ]),
  );
  const handlers = Object.fromEntries(
    Object.entries(methods).map(([name, answer]) => [
      name,
      (call: { request: object }, send: sendUnaryData<object>) => answer(call.request, send),
    ]),
  );
  server.addService(definition, handlers);
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix://${socket}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return server;
}

describe('GrpcRuntime', () => {
  const dir = mkdtempSync(join(tmpdir(), 'cri-'));
  const socket = join(dir, 's');
  let server: Server;
  let runtime: GrpcRuntime;
  const cancelled = Promise.withResolvers<void>();

  before(async () => {
    server = await serve(socket, {
      Version: (_, send) => send(null, { runtimeName: 'test' }),
      ContainerStatus: (_, send) =>
        send(null, {
          status: {
            id: 'x',
            state: ContainerState.CONTAINER_EXITED,
            finishedAt: 1_700_000_000_000_000_000,
          },
        }),
      PodSandboxStatus: (_, send) => send({ code: status.NOT_FOUND, details: 'no such thing' }),
      StopContainer: () => cancelled.resolve(),
    });
    runtime = new GrpcRuntime({ endpoint: `unix://${socket}`, requestTimeoutMs: 5000 });
  });
  after(() => {
    runtime.close();
    server.forceShutdown();
    rmSync(dir, { recursive: true });
  });

  it('calls', async () => {
    const { runtimeName, runtimeVersion } = await runtime.call('Version', {});
    assert.deepEqual([runtimeName, runtimeVersion], ['test', '']);
  });

  it('answers carry every field', async () => {
    const { status: seen } = await runtime.call('ContainerStatus', { containerId: 'x' });
    assert.equal(seen?.exitCode, 0);
    assert.equal(seen?.finishedAt, 1_700_000_000_000_000_000);
    assert.deepEqual([seen?.labels, seen?.mounts, seen?.metadata], [{}, [], null]);
  });

  it('errors keep their code and text', async () => {
    const error = await runtime.call('PodSandboxStatus', {}).catch((e: unknown) => e);
    assert(isNotFound(error) && error instanceof CriError);
    assert.equal(error.text, 'rpc error: code = NotFound desc = no such thing');
  });

  it('a method that the runtime does not have', async () => {
    assert(isUnimplemented(await runtime.call('ListContainers', {}).catch((e: unknown) => e)));
  });

  it('events that the runtime does not have', async () => {
    const read = async (): Promise<void> => {
      for await (const _ of runtime.events(new AbortController().signal)) assert.fail();
    };
    assert(isUnimplemented(await read().catch((e: unknown) => e)));
  });

  it('a signal ends the wait', async () => {
    const stop = new AbortController();
    const call = runtime.call('StopContainer', {}, { signal: stop.signal });
    await cancelled.promise;
    stop.abort();
    await assert.rejects(call, { code: 'cancelled' });
  });

  it('a deadline ends the wait', async () => {
    await assert.rejects(runtime.call('StopContainer', {}, { timeoutMs: 50 }), {
      code: 'deadlineExceeded',
    });
  });

  const endpoints: [given: string, dialled: string | undefined][] = [
    ['unix:///run/c.sock', 'unix:///run/c.sock'],
    ['/run/c.sock', 'unix:///run/c.sock'],
    ['tcp://1.2.3.4:1', undefined],
  ];
  for (const [given, dialled] of endpoints) {
    it(`endpoint ${given}`, () => {
      if (dialled === undefined) assert.throws(() => dialAddress(given), /not a unix socket/);
      else assert.equal(dialAddress(given), dialled);
    });
  }
});
