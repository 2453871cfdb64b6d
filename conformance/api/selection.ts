/** What lists and watches of the tests are about. */
import type { HistoryObject } from './store-history.ts';

export interface Selection {
  readonly resource: 'configmaps' | 'pods';
  /** '' for all. */
  readonly namespace: string;
  /** Query parameters that select. */
  readonly query: Readonly<Record<string, string>>;
  /** The namespace that path or field selector name; '' for none. */
  readonly scope: string;
  /** The one name that can be selected, when `scope` says where. */
  readonly scopeOfName: string | undefined;
  /** Neither labels nor fields are selected by. */
  readonly everything: boolean;
  matches(o: HistoryObject): boolean;
}

export const namespaces = ['alpha', 'alpha-b', 'beta'] as const;

type Matcher = (o: HistoryObject) => boolean;

const labelSelectors: readonly (readonly [string, Matcher])[] = [
  ['color=red', (o) => o.labels['color'] === 'red'],
  ['color!=red', (o) => o.labels['color'] !== 'red'],
  ['color in (red,blue)', (o) => ['red', 'blue'].includes(o.labels['color'] ?? '')],
  ['!color', (o) => o.labels['color'] === undefined],
  ['color,size>5', (o) => o.labels['color'] !== undefined && Number(o.labels['size']) > 5],
];

const nameSelectors: readonly (readonly [string, Matcher])[] = [
  ['metadata.name=n3', (o) => o.name === 'n3'],
  ['metadata.name!=n3', (o) => o.name !== 'n3'],
  ['metadata.namespace=beta', (o) => o.namespace === 'beta'],
  ['metadata.namespace!=beta', (o) => o.namespace !== 'beta'],
  ['metadata.name=n3,metadata.namespace=beta', (o) => o.name === 'n3' && o.namespace === 'beta'],
];

const podSelectors: readonly (readonly [string, Matcher])[] = [
  ['spec.nodeName=node-1', (o) => o.nodeName === 'node-1'],
  ['spec.nodeName=', (o) => o.nodeName === ''],
  ['spec.nodeName!=node-1', (o) => o.nodeName !== 'node-1'],
  ['status.phase=Running', (o) => o.phase === 'Running'],
  [
    'spec.nodeName=node-1,status.phase!=Running',
    (o) => o.nodeName === 'node-1' && o.phase !== 'Running',
  ],
];

/** Every combination of namespace, label selector and field selector that the tests use. */
export function selectionsOf(resource: Selection['resource']): Selection[] {
  const none = [undefined];
  const fields = resource === 'pods' ? [...nameSelectors, ...podSelectors] : nameSelectors;
  const out: Selection[] = [];
  for (const namespace of ['', ...namespaces]) {
    for (const label of [...none, ...labelSelectors]) {
      for (const field of [...none, ...fields]) {
        const terms = field?.[0].split(',') ?? [];
        const selectsNamespace = terms.includes('metadata.namespace=beta');
        const scope = namespace === '' && selectsNamespace ? 'beta' : namespace;
        const byName = scope !== '' && terms.includes('metadata.name=n3');
        out.push({
          resource,
          namespace,
          scope,
          scopeOfName: byName ? 'n3' : undefined,
          query: {
            ...(label === undefined ? {} : { labelSelector: label[0] }),
            ...(field === undefined ? {} : { fieldSelector: field[0] }),
          },
          everything: label === undefined && field === undefined,
          matches: (o) =>
            (namespace === '' || o.namespace === namespace) &&
            (label === undefined || label[1](o)) &&
            (field === undefined || field[1](o)),
        });
      }
    }
  }
  return out;
}

/** The path of a selection, with its selectors and further parameters. */
export function pathOf(selection: Selection, more: Readonly<Record<string, string>> = {}): string {
  const { namespace, resource } = selection;
  const folder = namespace === '' ? '' : `/namespaces/${namespace}`;
  const query = new URLSearchParams({ ...selection.query, ...more }).toString();
  return `/api/v1${folder}/${resource}${query === '' ? '' : `?${query}`}`;
}
