/** Whether a container runs again: restart policies of pod and container, restart rules. */
import type { Container, PodStatus } from '../../machinery/schema/wire.ts';
import { initContainers, isDeleted, type NodePod } from './pod.ts';
import { latestContainer, type PodState } from './pod-state.ts';

type RestartRule = NonNullable<Container['restartPolicyRules']>[number];

/** The first rule whose exit codes match. */
export function matchingRule(container: Container, exitCode: number): RestartRule | undefined {
  return container.restartPolicyRules?.find((rule) => {
    const listed = rule.exitCodes?.values?.includes(exitCode) ?? false;
    if (rule.exitCodes?.operator === 'In') return listed;
    return rule.exitCodes?.operator === 'NotIn' && !listed;
  });
}

function byPolicy(policy: string | undefined, exitCode: number): boolean {
  if (policy === 'Never') return false;
  return policy !== 'OnFailure' || exitCode !== 0;
}

/** Whether a container that ended with `exitCode` is to be started again. */
export function restartsAfter(container: Container, pod: NodePod, exitCode: number): boolean {
  if (container.restartPolicy === undefined) return byPolicy(pod.spec.restartPolicy, exitCode);
  if (matchingRule(container, exitCode) !== undefined) return true;
  return byPolicy(container.restartPolicy, exitCode);
}

/** Whether any outcome of the container starts it again. */
export function canRestart(container: Container, pod: NodePod): boolean {
  if (container.restartPolicy === undefined) return pod.spec.restartPolicy !== 'Never';
  if (container.restartPolicyRules?.some((r) => r.action === 'Restart')) return true;
  return container.restartPolicy !== 'Never';
}

/** The restart policy that holds while a container still runs (probe failures): no exit code. */
export function restartsOnKill(container: Container, pod: NodePod): boolean {
  return (container.restartPolicy ?? pod.spec.restartPolicy) !== 'Never';
}

/** Whether a container that does not run now is to be started, given what is known of it. */
export function shouldStart(container: Container, pod: NodePod, state: PodState): boolean {
  if (isDeleted(pod)) return false;
  const seen = latestContainer(state, container.name);
  if (seen === undefined || seen.state === 'unknown' || seen.state === 'created') return true;
  if (seen.state === 'running') return false;
  return restartsAfter(container, pod, seen.exitCode);
}

/** Whether any container has the rule RestartAllContainers. */
export function mayRestartAll(pod: NodePod): boolean {
  return [...initContainers(pod), ...pod.spec.containers].some((c) =>
    c.restartPolicyRules?.some((r) => r.action === 'RestartAllContainers'),
  );
}

/** Whether a container ended in a way that restarts the whole pod in place. */
export function triggersRestartAll(
  pod: NodePod,
  state: PodState | undefined,
  status: PodStatus | undefined,
): boolean {
  if (!mayRestartAll(pod)) return false;
  const restarting = status?.conditions?.some(
    (c) => c.type === 'AllContainersRestarting' && c.status === 'True',
  );
  if (restarting) return true;
  const reported = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return [...initContainers(pod), ...pod.spec.containers].some((container) => {
    const restartsAll = (code: number | undefined): boolean =>
      code !== undefined && matchingRule(container, code)?.action === 'RestartAllContainers';
    if (state !== undefined) {
      const seen = latestContainer(state, container.name);
      if (seen?.state !== 'exited') return false;
      if (restartsAll(seen.exitCode)) return true;
    }
    const terminated = reported.find((s) => s.name === container.name)?.state?.terminated;
    return restartsAll(terminated?.exitCode);
  });
}
