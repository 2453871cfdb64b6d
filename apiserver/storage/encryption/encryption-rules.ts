/** Which values are encrypted, and by whose key: EncryptionConfiguration, read. */
import type { Cipher } from './transformers.ts';

/** What all encrypted values begin with. */
export const encryptedMark = 'k8s:enc:';

/** A way to store values: what those begin with that are stored so, and how to read them. */
export interface StoredForm {
  /** `k8s:enc:aescbc:v1:key1:`; '' for values as they are. */
  readonly header: string;
  /** Undefined for values as they are. */
  readonly cipher: Cipher | undefined;
}

/** The forms of one resource: values are written in the first, and read in any. */
export type Forms = readonly [StoredForm, ...StoredForm[]];

/** Of what a rule is about nothing else is stored so. */
export const plainForm: StoredForm = { header: '', cipher: undefined };

export class EncryptionRules {
  /** By `secrets`, `deployments.apps`, `*.apps`, `*.` and `*.*`. */
  readonly #byName: ReadonlyMap<string, Forms>;

  constructor(byName: ReadonlyMap<string, Forms>) {
    this.#byName = byName;
  }

  /** The forms of a resource; undefined when it is not encrypted. */
  formsOf(group: string, resource: string): Forms | undefined {
    return (
      this.#byName.get(group === '' ? resource : `${resource}.${group}`) ??
      this.#byName.get(`*.${group}`) ??
      this.#byName.get('*.*')
    );
  }
}

/** The form that a value is stored in; undefined when it is none of these. */
export function formOf(value: Buffer, forms: Forms): StoredForm | undefined {
  const encrypted = isEncrypted(value);
  return forms.find(({ header }) =>
    header === '' ? !encrypted : encrypted && startsWith(value, header),
  );
}

/** Whether a value was encrypted by anybody. */
export function isEncrypted(value: Buffer): boolean {
  return startsWith(value, encryptedMark);
}

function startsWith(value: Buffer, text: string): boolean {
  return value.length >= text.length && value.toString('latin1', 0, text.length) === text;
}
