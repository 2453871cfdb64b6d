/**
 * The group versions in which the objects of one resource can be seen: what webhooks and policies
 * that name another version than the request's are shown.
 */
import type { StructType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { Catalog } from '../registry/catalog.ts';
import { type ServedResource, toServed, toStored } from '../registry/served-resource.ts';

/** A resource in one of its group versions. */
export interface ResourceForm {
  readonly group: string;
  readonly version: string;
  /** Plural. */
  readonly resource: string;
  readonly kind: string;
  readonly apiVersion: string;
  readonly type: StructType;
  /** An object of the stored version as this one shows it; may be the same object. */
  show(stored: KubeObject): KubeObject;
  /** The stored version of an object of this one; may be the same object. */
  store(shown: KubeObject): KubeObject;
}

export interface ResourceForms {
  /** The form of a group version; undefined when it is not served. */
  find(group: string, version: string, resource: string): ResourceForm | undefined;
  /** The others of the same objects that have the subresource ('': none), in order of preference. */
  others(
    group: string,
    version: string,
    resource: string,
    subresource: string,
  ): readonly ResourceForm[];
}

/** The forms of what a catalog serves. */
export function resourceForms(catalog: () => Catalog): ResourceForms {
  const made = new WeakMap<ServedResource, ResourceForm>();
  const formOf = (served: ServedResource): ResourceForm => {
    let form = made.get(served);
    if (form === undefined) {
      const { group, version, apiVersion, type, definition } = served;
      form = {
        group,
        version,
        resource: definition.plural,
        kind: definition.kind,
        apiVersion,
        type,
        show: (stored) => toServed(served, stored),
        store: (shown) => toStored(served, shown),
      };
      made.set(served, form);
    }
    return form;
  };
  return {
    find(group, version, resource) {
      const served = catalog().find(group, version, resource);
      return served && formOf(served);
    },
    others(group, version, resource, subresource) {
      const served = catalog().find(group, version, resource);
      if (served === undefined || served.definition.versions.length === 0) return [];
      const out: ResourceForm[] = [];
      for (const g of catalog().groups) {
        for (const v of g.versions) {
          if (g.name === group && v === version) continue;
          const other = catalog().find(g.name, v, resource);
          if (other?.store === served.store && hasSubresource(other, subresource))
            out.push(formOf(other));
        }
      }
      return out;
    },
  };
}

function hasSubresource({ definition: d, subresources }: ServedResource, name: string): boolean {
  if (name === '' || name in d.faces || subresources.has(name)) return true;
  return name === 'status' ? d.status !== false : name === 'scale' && d.scale !== undefined;
}
