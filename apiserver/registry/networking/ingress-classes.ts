/** networking.k8s.io/v1 IngressClass. */
import type { IngressClass } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { validateIngressClass, validateIngressClassUpdate } from './ingress-class-validation.ts';

const isDefaultClass = 'ingressclass.kubernetes.io/is-default-class';

export const ingressClasses = defineResource<IngressClass>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  namespaced: false,
  metadataChecks: ['change', 'whole'],
  generationOf: (c) => ({ spec: c.spec }),
  validate: validateIngressClass,
  validateUpdate: validateIngressClassUpdate,
  columns: [
    {
      ...nameColumn<IngressClass>(),
      cell: (c) => {
        const name = c.metadata?.name ?? '';
        return c.metadata?.annotations?.[isDefaultClass] === 'true' ? `${name} (default)` : name;
      },
    },
    column(
      'Controller',
      'Controller that is responsible for handling this class',
      (c) => c.spec?.controller ?? '',
    ),
    column('Parameters', 'A reference to a resource with additional parameters', (c) => {
      const p = c.spec?.parameters;
      if (p === undefined) return '<none>';
      return `${p.apiGroup === undefined ? p.kind : `${p.kind}.${p.apiGroup}`}/${p.name}`;
    }),
    ageColumn(),
  ],
});
