/**
 * What the kubelet asks of a container runtime: the CRI methods, typed by name.
 * `grpc-runtime.ts` is the real one, `fake-runtime.ts` an in-memory one for tests.
 */
import type { Init } from './codec.ts';
import type { ContainerEventResponse, Methods } from './messages.ts';

type All = Omit<Methods['RuntimeService'], 'GetContainerEvents'> & Methods['ImageService'];

/** The name of a unary CRI method. */
export type Method = keyof All;
/** What a method is called with; fields left out take their default. */
export type RequestOf<M extends Method> = Init<All[M]['request']>;
/** What a method answers, every field set. */
export type ResponseOf<M extends Method> = All[M]['response'];

export interface CriCallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Gives up after this long; the method's own default otherwise (0: never). */
  readonly timeoutMs?: number | undefined;
}

export interface Runtime {
  /** Throws CriError for every answer that is not OK. */
  call<M extends Method>(
    method: M,
    request: RequestOf<M>,
    options?: CriCallOptions,
  ): Promise<ResponseOf<M>>;

  /**
   * Container events as they happen; ends or throws when the runtime closes the stream.
   * A runtime without events throws CriError with the code `unimplemented`.
   */
  events(signal: AbortSignal): AsyncIterable<ContainerEventResponse>;

  /** Ends every call under way and closes the connection. */
  close(): void;
}
