/** Table columns and cell texts that several resources share. */
import { humanDuration } from '../../machinery/meta/times.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
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
