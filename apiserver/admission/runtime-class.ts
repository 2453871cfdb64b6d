/** RuntimeClass: pods get the overhead and the places of the runtime that they name. */

import { member } from '../../machinery/meta/member.ts';
import { isPathSegmentName } from '../../machinery/meta/names.ts';
import { StatusError } from '../../machinery/meta/status-error.ts';
import { amountsOf, sameAmounts } from '../../machinery/quota/amounts.ts';
import type { Pod, RuntimeClass } from '../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { isCore, refused } from './refusal.ts';
import { mergeTolerations } from './tolerations.ts';

const differs = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

export function runtimeClass(env: AdmissionEnvironment): AdmissionPlugin {
  return {
    name: 'RuntimeClass',
    handles: (a) => a.operation === 'CREATE' && isCore(a, 'pods'),
    async admit(a) {
      const found = await classOf(a, env);
      if (found === undefined) return;
      setOverhead(a, found);
      setPlaces(a, found);
    },
    async validate(a) {
      const found = await classOf(a, env);
      const { overhead } = (a.object as Pod).spec!;
      if (found?.overhead !== undefined) {
        if (!hasOverheadOf(found, overhead)) throw refused(a, differs);
      } else if (overhead !== undefined) {
        throw refused(
          a,
          'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
        );
      }
    },
  };
}

async function classOf(
  a: AdmissionAttributes,
  env: AdmissionEnvironment,
): Promise<RuntimeClass | undefined> {
  const name = (a.object as Pod).spec!.runtimeClassName;
  if (name === undefined) return undefined;
  const read = () => env.access.get<RuntimeClass>('runtimeclasses.node.k8s.io', '', name);
  let found = await read();
  if (found === undefined) {
    // The class may be newer than the watch cache.
    await env.fresh();
    found = await read();
  }
  if (found !== undefined) return found;
  // The real server looks again over the API, which has no such path.
  const problem = name === '' ? 'resource name may not be empty' : pathProblem(name);
  if (problem !== undefined) throw new StatusError('', problem);
  throw refused(a, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
}

function pathProblem(name: string): string | undefined {
  const problems = isPathSegmentName(name);
  if (problems.length === 0) return undefined;
  return `invalid resource name ${JSON.stringify(name)}: [${problems.join(' ')}]`;
}

function hasOverheadOf(found: RuntimeClass, overhead: Record<string, string> | undefined): boolean {
  return sameAmounts(amountsOf(found.overhead?.podFixed), amountsOf(overhead));
}

function setOverhead(a: AdmissionAttributes, found: RuntimeClass): void {
  if (found.overhead === undefined) return;
  const spec = (a.object as Pod).spec!;
  if (Object.keys(spec.overhead ?? {}).length > 0 && !hasOverheadOf(found, spec.overhead)) {
    throw refused(a, differs);
  }
  const { podFixed } = found.overhead;
  if (podFixed === undefined) delete spec.overhead;
  else spec.overhead = { ...podFixed };
}

function setPlaces(a: AdmissionAttributes, { scheduling }: RuntimeClass): void {
  if (scheduling === undefined) return;
  const spec = (a.object as Pod).spec!;
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const own = member(spec.nodeSelector, key);
    if (own !== undefined && own !== value) {
      throw refused(
        a,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
      );
    }
    spec.nodeSelector = { ...spec.nodeSelector, [key]: value };
  }
  const tolerations = mergeTolerations(
    spec.tolerations ?? [],
    structuredClone(scheduling.tolerations ?? []),
  );
  if (tolerations.length > 0) spec.tolerations = tolerations;
}
