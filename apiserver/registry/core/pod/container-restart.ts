/** Which containers may run again after they have ended (KEP 5307: rules by exit code). */
import type { Container, PodSpec } from '../../../../machinery/schema/wire.ts';

/** By its rules, then its own policy, then the pod's. */
export function mayRestart(container: Container, spec: PodSpec, exitCode: number): boolean {
  if (container.restartPolicy !== undefined) {
    const rule = matchingRule(container, exitCode);
    if (rule?.action === 'Restart' || rule?.action === 'RestartAllContainers') return true;
  }
  switch (container.restartPolicy ?? spec.restartPolicy) {
    case 'OnFailure':
      return exitCode !== 0;
    case 'Never':
      return false;
    default:
      return true;
  }
}

function matchingRule(container: Container, exitCode: number) {
  return container.restartPolicyRules?.find(({ exitCodes }) => {
    const listed = exitCodes?.values?.includes(exitCode) ?? false;
    return (exitCodes?.operator === 'In' && listed) || (exitCodes?.operator === 'NotIn' && !listed);
  });
}

/** Some rule restarts all containers, so any may run again. */
export function mayRestartAll(spec: PodSpec): boolean {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? [])].some((c) =>
    c.restartPolicyRules?.some((r) => r.action === 'RestartAllContainers'),
  );
}
