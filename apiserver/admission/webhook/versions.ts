/**
 * The objects of one request in the versions that webhooks ask for. What a webhook makes of one
 * version is carried over to the next; the request's own object is in the stored version.
 */
import { normalize } from '../../../machinery/codec/decode.ts';
import { kindType } from '../../../machinery/schema/schema.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import { apiVersionOf } from '../../registry/served-resource.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { requestKind } from '../request-kind.ts';
import type { ResourceForm } from '../resource-forms.ts';

/** The objects in one version. */
export interface ShownObjects {
  readonly object: KubeObject | undefined;
  readonly oldObject: KubeObject | undefined;
}

/** For webhooks that only look: each version is made once. `form` undefined: as they are. */
export class ObjectVersions {
  readonly #attributes: AdmissionAttributes;
  readonly #shown = new Map<ResourceForm | undefined, ShownObjects>();

  constructor(attributes: AdmissionAttributes) {
    this.#attributes = attributes;
  }

  in(form: ResourceForm | undefined): ShownObjects {
    let shown = this.#shown.get(form);
    if (shown === undefined) {
      shown = shownIn(this.#attributes, form);
      this.#shown.set(form, shown);
    }
    return shown;
  }
}

/** For webhooks that change the object, one after the other. */
export class ChangingObject {
  readonly #attributes: AdmissionAttributes;
  #form: ResourceForm | undefined;
  #shown: ShownObjects | undefined;
  #dirty = false;

  constructor(attributes: AdmissionAttributes) {
    this.#attributes = attributes;
  }

  /** As it is now, in whatever version. */
  get object(): KubeObject | undefined {
    return this.#shown === undefined ? this.#attributes.object : this.#shown.object;
  }

  in(form: ResourceForm | undefined): ShownObjects {
    if (this.#shown === undefined || this.#form !== form) {
      this.settle();
      this.#shown = shownIn(this.#attributes, form);
      this.#form = form;
    }
    return this.#shown;
  }

  /** Replaces the object in the version that was asked for last. */
  replace(object: KubeObject): void {
    this.#shown = { object, oldObject: this.#shown?.oldObject };
    this.#dirty = true;
  }

  /** Makes the request's own object what the last version has become, in place. */
  settle(): void {
    if (!this.#dirty) return;
    const changed = this.#shown!.object!;
    assign(this.#attributes.object!, this.#form?.store(changed) ?? changed);
    this.#dirty = false;
  }
}

/** In normal form; the stored object, which nobody may change, is in it. */
function shownIn(a: AdmissionAttributes, form: ResourceForm | undefined): ShownObjects {
  const { object, oldObject } = a;
  if (form === undefined) return { object: object && normal(object, a), oldObject };
  return {
    object: object && normalize(form.show(object), form.type),
    oldObject: oldObject && shownOld(oldObject, form),
  };
}

function shownOld(stored: KubeObject, form: ResourceForm): KubeObject {
  const shown = form.show(stored);
  return shown === stored ? stored : normalize(shown, form.type);
}

/** Of a kind of its own (a Scale). */
function normal(object: KubeObject, a: AdmissionAttributes): KubeObject {
  const { group, version, kind } = requestKind(a);
  const type = kindType(apiVersionOf(group, version), kind);
  return type === undefined ? object : normalize(object, type);
}

function assign(target: KubeObject, source: KubeObject): void {
  const fields = target as unknown as Record<string, unknown>;
  if (target === source) return;
  for (const key of Object.keys(fields)) delete fields[key];
  Object.assign(target, source);
}
