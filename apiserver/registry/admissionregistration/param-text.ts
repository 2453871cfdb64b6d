/** The ParamKind and ParamRef cells of admission policies and their bindings. */
import type { LabelSelector } from '../../../machinery/schema/wire.ts';

/** `group/version/Kind`; `<unset>` without one. */
export function paramKindText(kind: { apiVersion?: string; kind?: string } | undefined): string {
  return kind === undefined ? '<unset>' : `${kind.apiVersion ?? ''}/${kind.kind ?? ''}`;
}

interface ParamRef {
  name?: string;
  namespace?: string;
  selector?: LabelSelector;
}

/** `namespace/name` (an asterisk where no namespace is given) or the selector. */
export function paramRefText(ref: ParamRef | undefined): string {
  if (ref?.name) return `${ref.namespace || '*'}/${ref.name}`;
  return ref?.selector === undefined ? '<unset>' : selectorDump(ref.selector);
}

/** The selector as Go's generated String method prints it, which the real server shows here. */
function selectorDump(selector: LabelSelector): string {
  const labels = Object.entries(selector.matchLabels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`)
    .join('');
  const expressions = (selector.matchExpressions ?? [])
    .map(
      (e) =>
        `LabelSelectorRequirement{Key:${e.key},Operator:${e.operator},` +
        `Values:[${(e.values ?? []).join(' ')}],},`,
    )
    .join('');
  return (
    `&LabelSelector{MatchLabels:map[string]string{${labels}},` +
    `MatchExpressions:[]LabelSelectorRequirement{${expressions}},}`
  );
}
