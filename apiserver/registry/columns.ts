/** Table columns and cell texts that several resources share. */
import { selectorOf } from '../../machinery/meta/labels.ts';
import { humanDuration } from '../../machinery/meta/times.ts';
import type { KubeObject, LabelSelector, PodTemplateSpec } from '../../machinery/schema/wire.ts';
import type { Cell, Column } from './resource.ts';

/** The Age column of most tables. */
export function ageColumn<T extends KubeObject>(): Column<T> {
  return {
    name: 'Age',
    description: '@meta/v1.ObjectMeta.creationTimestamp',
    cell: (o) => age(o.metadata?.creationTimestamp),
  };
}

/** The time since `time` as tables print it; `<unknown>` when there is none. */
export function age(time: string | undefined): Cell {
  if (time === undefined) return '<unknown>';
  const since = Date.parse(time);
  return (nowMs) => humanDuration(nowMs - since);
}

/** `a=b,c=d`, sorted by key; `<none>` for an empty map. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const keys = Object.keys(labels ?? {}).sort();
  return keys.length === 0 ? '<none>' : keys.map((k) => `${k}=${labels![k]}`).join(',');
}

type CellMore<T> = Partial<Pick<Column<T>, 'type' | 'format' | 'priority' | 'descriptionWithout'>>;

/** A column in one line: name, description (see Column), cell. */
export function column<T extends KubeObject>(
  name: string,
  description: string,
  cell: Column<T>['cell'],
  more: CellMore<T> = {},
): Column<T> {
  return { name, description, cell, ...more };
}

/** A label selector in text form; `<none>` when it is empty, `<error>` when it is not valid. */
export function labelSelectorText(selector: LabelSelector | undefined): string {
  try {
    return selectorOf(selector).toString() || '<none>';
  } catch {
    return '<error>';
  }
}

/** Sorted addresses (or host names) of a load balancer, joined by commas. */
export function loadBalancerText(
  ingress: readonly { ip?: string; hostname?: string }[] | undefined,
): string {
  const all = (ingress ?? []).map((i) => i.ip || i.hostname || '').filter((a) => a !== '');
  return [...new Set(all)].sort().join(',');
}

/** The first `max` of `items` joined by commas, then ` + <rest> more...`. */
export function firstFew(items: readonly string[], max: number): string {
  const shown = items.slice(0, max).join(',');
  return items.length > max ? `${shown} + ${items.length - max} more...` : shown;
}

/** Two wide columns of workloads: the names and the images of a pod template's containers. */
export function containerColumns<T extends KubeObject>(
  template: (object: T) => PodTemplateSpec | undefined,
  priority = 1,
): Column<T>[] {
  const joined = (object: T, field: 'name' | 'image'): string =>
    (template(object)?.spec?.containers ?? []).map((c) => c[field] ?? '').join(',');
  return [
    {
      name: 'Containers',
      priority,
      description: 'Names of each container in the template.',
      cell: (o) => joined(o, 'name'),
    },
    {
      name: 'Images',
      priority,
      description: 'Images referenced by each container in the template.',
      cell: (o) => joined(o, 'image'),
    },
  ];
}

const accessModeNames: readonly [mode: string, short: string][] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];

/** Access modes of a volume in short form and fixed order: `RWO,ROX`. */
export function accessModesText(modes: readonly string[] | undefined): string {
  return accessModeNames
    .filter(([mode]) => modes?.includes(mode))
    .map(([, short]) => short)
    .join(',');
}
