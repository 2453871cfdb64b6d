/**
 * Subresources with a behaviour of their own (binding, eviction, token, log, exec, proxy, …): one
 * file each. `status` and `scale` follow from the resource's declaration.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { UserInfo, WriteContext } from './resource.ts';

/** What a subresource call sees. */
export interface SubresourceCall {
  readonly verb: 'get' | 'create' | 'update' | 'patch' | 'delete' | 'connect';
  readonly method: string;
  readonly namespace: string;
  readonly name: string;
  /** What follows the subresource in the path, with its leading slash; '' for none. */
  readonly rest: string;
  readonly query: URLSearchParams;
  readonly user: UserInfo;
  readonly context: WriteContext;
  /** The decoded body of a create, in normal form with defaults; undefined without a body. */
  readonly body: KubeObject | undefined;
  /**
   * Asks the validating phase of admission about the body as it is by now: to be called once the
   * body itself is right, before anything is done. Asked beforehand for a connection.
   */
  validate(): Promise<void>;
  readonly signal: AbortSignal;
  /** The raw request, for calls that stream (`connect`). Its body has not been read. */
  readonly request: IncomingMessage;
}

/** What a subresource answers. */
export type SubresourceAnswer =
  /** An object, sent in the form that the client asked for. */
  | { readonly code: number; readonly object: KubeObject }
  /** A stream with headers of its own (logs, proxied answers). */
  | {
      readonly code: number;
      readonly headers: Readonly<Record<string, string | string[]>>;
      readonly stream: NodeJS.ReadableStream;
    };

export interface Subresource {
  /** `plural` or `plural.group` of the resource that it belongs to. */
  readonly resource: string;
  /** Such as `binding`. */
  readonly name: string;
  /** What discovery shows, in its order. */
  readonly verbs: readonly ('create' | 'delete' | 'get' | 'patch' | 'update')[];
  /** Kind of the body and the answer. */
  readonly kind: string;
  /** Group version of that kind where it is not the resource's: `policy/v1`. */
  readonly apiVersion?: string;
  /** Older group versions in which the body is taken too. */
  readonly aliases?: readonly string[];
  /** Answers with a stream or takes the connection over, by these methods; no body is decoded. */
  readonly connects?: readonly string[];
  /** The paths below it are its own; for others there is no route. */
  readonly below?: boolean;
  /** Answers with a stream in these media types, or with an object. */
  readonly streams?: readonly string[];
  handle(call: SubresourceCall): Promise<SubresourceAnswer>;
  /**
   * Takes over a connection that asked for an upgrade (exec, attach, portforward, proxy).
   * `head` is what came after the request's headers. Throws StatusError before anything is sent.
   */
  upgrade?(call: SubresourceCall, socket: Duplex, head: Buffer): Promise<void>;
}
