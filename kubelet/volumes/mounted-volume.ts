/** A volume that is set up on the host, ready to be mounted into containers. */
export interface MountedVolume {
  /** The directory (or file, socket, device for hostPath); '' for an image volume. */
  readonly path: string;
  /** The volume itself is read-only, whatever the mount says. */
  readonly readOnly: boolean;
  /** The content is an image that the runtime mounts. */
  readonly image?: { readonly reference: string; readonly pullPolicy: string };
  /** A raw block device, for volumeDevices. */
  readonly blockDevice?: string;
}

/** By the volume's name in the pod. */
export type MountedVolumes = ReadonlyMap<string, MountedVolume>;
