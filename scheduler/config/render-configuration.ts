/** `/configz`: the settings that are acted on, under the names of KubeSchedulerConfiguration v1. */
import { formatDuration } from '../../machinery/meta/times.ts';
import type { SchedulerConfiguration } from './configuration.ts';

/** By the name that upstream's scheduler gives its own. */
export function renderConfiguration(c: SchedulerConfiguration): Record<string, unknown> {
  const { leaderElect, leaseDurationMs, renewDeadlineMs, retryPeriodMs, name, namespace } =
    c.leaderElection;
  return {
    componentconfig: {
      kind: 'KubeSchedulerConfiguration',
      apiVersion: 'kubescheduler.config.k8s.io/v1',
      leaderElection: {
        leaderElect,
        leaseDuration: formatDuration(leaseDurationMs),
        renewDeadline: formatDuration(renewDeadlineMs),
        retryPeriod: formatDuration(retryPeriodMs),
        resourceLock: 'leases',
        resourceName: name,
        resourceNamespace: namespace,
      },
      clientConnection: { kubeconfig: c.kubeconfig ?? '' },
      percentageOfNodesToScore: c.percentageOfNodesToScore,
      podInitialBackoffSeconds: c.initialBackoffMs / 1000,
      podMaxBackoffSeconds: c.maxBackoffMs / 1000,
      profiles: c.profiles.map(
        ({ schedulerName, plugins, pluginArgs, percentageOfNodesToScore }) => ({
          schedulerName,
          ...(percentageOfNodesToScore === undefined ? {} : { percentageOfNodesToScore }),
          plugins,
          pluginConfig: Array.from(pluginArgs, ([plugin, args]) => ({ name: plugin, args })),
        }),
      ),
    },
  };
}
