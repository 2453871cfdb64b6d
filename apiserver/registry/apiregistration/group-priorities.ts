/** How the built-in API groups are ordered in discovery. */

/** Higher `group` first, then higher `version`. */
export interface GroupVersionPriority {
  readonly group: string;
  readonly version: string;
  readonly groupPriority: number;
  readonly versionPriority: number;
}

/** Every built-in group version that has an APIService, in discovery order. */
export const builtinGroupVersions: readonly GroupVersionPriority[] = (
  [
    ['', 'v1', 18000, 1],
    ['apps', 'v1', 17800, 15],
    ['events.k8s.io', 'v1', 17750, 15],
    ['authentication.k8s.io', 'v1', 17700, 15],
    ['authorization.k8s.io', 'v1', 17600, 15],
    ['autoscaling', 'v2', 17500, 30],
    ['autoscaling', 'v1', 17500, 15],
    ['batch', 'v1', 17400, 15],
    ['certificates.k8s.io', 'v1', 17300, 15],
    ['networking.k8s.io', 'v1', 17200, 15],
    ['policy', 'v1', 17100, 15],
    ['rbac.authorization.k8s.io', 'v1', 17000, 15],
    ['storage.k8s.io', 'v1', 16800, 15],
    ['admissionregistration.k8s.io', 'v1', 16700, 15],
    ['apiextensions.k8s.io', 'v1', 16700, 15],
    ['scheduling.k8s.io', 'v1', 16600, 15],
    ['coordination.k8s.io', 'v1', 16500, 15],
    ['node.k8s.io', 'v1', 16300, 15],
    ['discovery.k8s.io', 'v1', 16200, 15],
    ['resource.k8s.io', 'v1', 16200, 21],
    ['flowcontrol.apiserver.k8s.io', 'v1', 16100, 21],
  ] as const
).map(([group, version, groupPriority, versionPriority]) => ({
  group,
  version,
  groupPriority,
  versionPriority,
}));
