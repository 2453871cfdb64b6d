/** apps/v1 ControllerRevision. */
import { controllerOf } from '../../../machinery/meta/owner.ts';
import type { ControllerRevision } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import {
  validateControllerRevision,
  validateControllerRevisionUpdate,
} from './controller-revision-validation.ts';

export const controllerRevisions = defineResource<ControllerRevision>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  namespaced: true,
  metadataChecks: ['change', 'whole'],
  validate: validateControllerRevision,
  validateUpdate: validateControllerRevisionUpdate,
  columns: [
    nameColumn(),
    column('Controller', 'Controller of the object', controllerText),
    column('Revision', '@apps/v1.ControllerRevision.revision', (r) => r.revision ?? 0),
    ageColumn(),
  ],
});

function controllerText(revision: ControllerRevision): string {
  const owner = controllerOf(revision);
  if (owner === undefined) return '<none>';
  const slash = owner.apiVersion.indexOf('/');
  const group = slash < 0 ? '' : owner.apiVersion.slice(0, slash);
  const kind = owner.kind.toLowerCase();
  return `${group === '' ? kind : `${kind}.${group}`}/${owner.name}`;
}
