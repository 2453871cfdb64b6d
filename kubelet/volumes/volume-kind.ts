/** A kind of volume: one file each beside this one, listed in `kinds.ts`. */
import type { Clock } from '../../machinery/meta/clock.ts';
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Volume,
} from '../../machinery/schema/wire.ts';
import type { DownwardFacts } from '../env/downward.ts';
import type { ObjectSource } from '../env/environment.ts';
import type { Mounter } from '../host/mounter.ts';
import type { NodePod } from '../pods/pod.ts';
import type { MountedVolume } from './mounted-volume.ts';

export interface TokenSpec {
  readonly audience: string;
  readonly expirationSeconds: number;
}

/** A service account token for a pod, renewed in time. */
export interface TokenSource {
  token(pod: NodePod, spec: TokenSpec): Promise<{ token: string; refreshAtMs: number }>;
}

/** What kinds may ask for beside the volume itself. */
export interface VolumeServices {
  readonly objects: ObjectSource;
  readonly tokens: TokenSource;
  readonly claims: ClaimSource;
  readonly mounter: Mounter;
  readonly clock: Clock;
  readonly nodeName: string;
}

/** Claims and the volumes they are bound to; both throw NotFound. */
export interface ClaimSource {
  claim(namespace: string, name: string): Promise<PersistentVolumeClaim>;
  volume(name: string): Promise<PersistentVolume>;
}

export interface VolumeContext extends VolumeServices {
  readonly pod: NodePod;
  readonly volume: Volume;
  /** The volume's folder under the pod's; the kind makes it when it needs one. */
  readonly dir: string;
  readonly facts: DownwardFacts;
  /** Content has to be looked at again by then; the earliest of several calls counts. */
  refreshBy(timeMs: number): void;
}

export interface VolumeKind {
  /** The field of the volume that names the kind. */
  readonly field: string;
  /** Upstream's plugin name, which is in the path. */
  readonly plugin: string;
  /**
   * Makes the volume ready and brings its content up to date; called again on every sync of the
   * pod, so it does nothing when nothing changed.
   */
  setUp(context: VolumeContext): Promise<MountedVolume>;
}
