/**
 * Brings images onto the node for containers: pull policies, back-off, credentials, events.
 * Wording and reasons are upstream's, since users read them in pod statuses.
 */
import type { EventRecorder, EventType } from '../../client/events.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import { formatDuration } from '../../machinery/meta/times.ts';
import type { ObjectReference, Secret } from '../../machinery/schema/wire.ts';
import type { Init } from '../cri/codec.ts';
import { CriError, errorText } from '../cri/cri-error.ts';
import type { PodSandboxConfig } from '../cri/messages.ts';
import type { Runtime } from '../cri/runtime.ts';
import { KeyedBackoff } from '../pods/keyed-backoff.ts';
import type { ImageUser } from '../pods/security-context.ts';
import { StartError } from '../pods/start-error.ts';
import { keyringOf, lookupAuth, parseDockerConfig } from './credentials.ts';
import { parseImage, withDefaultTag } from './image-name.ts';
import { PullQueue } from './pull-queue.ts';

const firstBackoffMs = 10_000;
const maxBackoffMs = 300_000;
/** A failed pull is told of for this long before the back-off is. */
const secondLookMs = 5000;

export interface ImageManagerOptions {
  readonly runtime: Runtime;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  /** How many pulls may run at once (`serializeImagePulls`, `maxParallelImagePulls`). */
  readonly parallelPulls: number;
  /** Text of the node's Docker configuration file, if it has one. */
  readonly nodeDockerConfig?: string | undefined;
}

export interface ImageRequest {
  readonly reference: ObjectReference;
  readonly podUid: string;
  /** As the spec writes it. */
  readonly image: string;
  readonly policy: string;
  readonly secrets: readonly Secret[];
  readonly sandbox: Init<PodSandboxConfig>;
}

/** The runtime's prefixes for failures with a reason of their own (cri-api errors). */
const knownFailures: Record<string, string> = {
  RegistryUnavailable: 'the registry is unavailable',
  SignatureValidationFailed: 'the signature validation failed',
};

export class ImageManager {
  private readonly options: ImageManagerOptions;
  private readonly runtime: Runtime;
  private readonly backoff: KeyedBackoff;
  private readonly queue: PullQueue;
  private readonly lastFailures = new Map<string, string>();

  constructor(options: ImageManagerOptions) {
    this.options = options;
    this.runtime = options.runtime;
    this.backoff = new KeyedBackoff(options.clock, firstBackoffMs, maxBackoffMs);
    this.queue = new PullQueue(options.parallelPulls);
  }

  /** The image's id on this node, pulled if the policy asks for it. Throws StartError. */
  async ensure(request: ImageRequest, signal: AbortSignal): Promise<string> {
    const { image, policy } = request;
    let name: string;
    try {
      name = withDefaultTag(image);
    } catch (error) {
      const why = (error as Error).message;
      const message = `Failed to apply default image tag ${JSON.stringify(image)}: ${why}`;
      this.record(request, 'Warning', 'InspectFailed', message);
      throw new StartError('InvalidImageName', message);
    }
    if (policy !== 'Always') {
      const present = await this.inspect(request, name);
      if (present !== '') {
        const text = `Container image ${JSON.stringify(image)} already present on machine and can be accessed by the pod`;
        this.record(request, 'Normal', 'Pulled', text);
        return present;
      }
      if (policy === 'Never') {
        const message = `Container image ${JSON.stringify(image)} is not present with pull policy of Never`;
        this.record(request, 'Warning', 'ErrImageNeverPull', message);
        throw new StartError('ErrImageNeverPull', message);
      }
    }
    return this.pull(request, name, signal);
  }

  /** Who the image's processes run as. */
  async user(image: string): Promise<ImageUser> {
    const answer = await this.runtime.call('ImageStatus', { image: { image } });
    if (answer.image === null) return { uid: 0, username: '' };
    const { uid, username } = answer.image;
    if (uid !== null) return { uid: uid.value, username: '' };
    if (username !== '') return { uid: undefined, username };
    return { uid: 0, username: '' };
  }

  private async inspect(request: ImageRequest, name: string): Promise<string> {
    try {
      const { image } = await this.runtime.call('ImageStatus', { image: { image: name } });
      return image?.id ?? '';
    } catch (error) {
      const message = `Failed to inspect image "": ${errorText(error)}`;
      this.record(request, 'Warning', 'InspectFailed', message);
      throw new StartError('ImageInspectError', message);
    }
  }

  private async pull(request: ImageRequest, name: string, signal: AbortSignal): Promise<string> {
    const { image, podUid } = request;
    const { clock } = this.options;
    const key = `${podUid}_${image}`;
    const readyAt = this.backoff.readyAtSinceUpdate(key);
    if (readyAt !== undefined) {
      const message = `Back-off pulling image ${JSON.stringify(image)}`;
      this.record(request, 'Normal', 'BackOff', message);
      const last = this.lastFailures.get(key);
      throw new StartError('ImagePullBackOff', last ? `${message}: ${last}` : message, readyAt);
    }
    this.lastFailures.delete(key);
    this.record(request, 'Normal', 'Pulling', `Pulling image ${JSON.stringify(image)}`);
    const asked = clock.now();
    let started = asked;
    try {
      const id = await this.queue.run(() => {
        started = clock.now();
        return this.pullWithCredentials(request, name, signal);
      });
      const size = await this.sizeOf(id);
      const took = formatDuration(clock.now() - started);
      const waited = formatDuration(clock.now() - asked);
      this.record(
        request,
        'Normal',
        'Pulled',
        `Successfully pulled image ${JSON.stringify(image)} in ${took} (${waited} including waiting). Image size: ${size} bytes.`,
      );
      return id;
    } catch (error) {
      const text = errorText(error);
      const why = `Failed to pull image ${JSON.stringify(image)}: ${text}`;
      this.record(request, 'Warning', 'Failed', why);
      this.backoff.next(key, clock.now());
      const failure = pullFailure(image, error);
      this.lastFailures.set(key, `${failure.reason}: ${failure.message}`);
      // The next look comes while the back-off lasts, and says so: ImagePullBackOff.
      throw new StartError(failure.reason, failure.message, clock.now() + secondLookMs);
    }
  }

  private async pullWithCredentials(
    request: ImageRequest,
    name: string,
    signal: AbortSignal,
  ): Promise<string> {
    const { nodeDockerConfig } = this.options;
    const node = nodeDockerConfig ? parseDockerConfig(nodeDockerConfig, true) : {};
    const ring = keyringOf(request.secrets, node);
    const auths = lookupAuth(ring, parseImage(name).repository);
    const call = async (auth?: { username: string; password: string }): Promise<string> => {
      const sandboxConfig = request.sandbox;
      const image = { image: name };
      const full = { image, sandboxConfig, ...(auth ? { auth } : {}) };
      return (await this.runtime.call('PullImage', full, { signal })).imageRef;
    };
    if (auths.length === 0) return call();
    let last: unknown;
    for (const auth of auths) {
      try {
        return await call(auth);
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  private async sizeOf(id: string): Promise<number> {
    const { image } = await this.runtime.call('ImageStatus', { image: { image: id } });
    return image?.size ?? 0;
  }

  private record(request: ImageRequest, type: EventType, reason: string, text: string): void {
    this.options.recorder.event(request.reference, type, reason, text);
  }
}

function pullFailure(image: string, error: unknown): { reason: string; message: string } {
  const bare = error instanceof CriError ? error.message : errorText(error);
  for (const [reason, words] of Object.entries(knownFailures)) {
    if (!bare.startsWith(reason)) continue;
    const rest = bare.slice(reason.length);
    return { reason, message: `image pull failed for ${image} because ${words}${rest}` };
  }
  return { reason: 'ErrImagePull', message: errorText(error) };
}
