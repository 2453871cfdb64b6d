/** Which objects pod security looks at. */
import type { KubeObject, Pod } from '../../../machinery/schema/wire.ts';
import type { AdmissionAttributes } from '../admission.ts';

type Template = Pick<Pod, 'metadata' | 'spec'>;

const specTemplate = (o: KubeObject) => (o as { spec?: { template?: Template } }).spec?.template;

/** Where the objects of a kind have the pod that they make. */
const templates: Readonly<Record<string, (o: KubeObject) => Template | undefined>> = {
  podtemplates: (o) => (o as { template?: Template }).template,
  replicationcontrollers: specTemplate,
  'replicasets.apps': specTemplate,
  'deployments.apps': specTemplate,
  'statefulsets.apps': specTemplate,
  'daemonsets.apps': specTemplate,
  'jobs.batch': specTemplate,
  'cronjobs.batch': (o) =>
    (o as { spec?: { jobTemplate?: { spec?: { template?: Template } } } }).spec?.jobTemplate?.spec
      ?.template,
};

/** The pod template of an object; undefined for objects that have none. */
export function templateOf(a: AdmissionAttributes): Template | undefined {
  const name = a.group === '' ? a.resource : `${a.resource}.${a.group}`;
  if (a.object === undefined || !Object.hasOwn(templates, name)) return undefined;
  const template = templates[name]!(a.object);
  return template?.spec === undefined ? undefined : template;
}

/** True when other programs run than before. */
export function isSignificantChange(next: Pod, prev: Pod): boolean {
  const images = (pod: Pod, field: 'containers' | 'initContainers') =>
    JSON.stringify((pod.spec?.[field] ?? []).map((c) => c.image ?? ''));
  if (images(next, 'containers') !== images(prev, 'containers')) return true;
  if (images(next, 'initContainers') !== images(prev, 'initContainers')) return true;
  const known = prev.spec?.ephemeralContainers ?? [];
  return (next.spec?.ephemeralContainers ?? []).some(
    (c) => !known.some((old) => old.name === c.name && old.image === c.image),
  );
}
