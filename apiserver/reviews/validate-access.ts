/** Rules of access reviews (pkg/apis/authorization/validation of the real server). */
import * as fe from '../../machinery/meta/field-error.ts';
import { isLabelValue } from '../../machinery/meta/names.ts';
import { validateLabelName } from '../../machinery/meta/object-meta-validation.ts';
import type { KubeObject, ObjectMeta, SubjectAccessReview } from '../../machinery/schema/wire.ts';

type AccessSpec = NonNullable<SubjectAccessReview['spec']>;
type Attributes = NonNullable<AccessSpec['resourceAttributes']>;
type FieldSelector = NonNullable<Attributes['fieldSelector']>;
type LabelSelector = NonNullable<Attributes['labelSelector']>;

const spec = fe.FieldPath.of('spec');

/** Problems of a spec; `subject`: it must name a user or groups. */
export function validateAccess(
  s: Pick<AccessSpec, 'resourceAttributes' | 'nonResourceAttributes' | 'user' | 'groups'>,
  subject: boolean,
): fe.FieldError[] {
  const errors: fe.FieldError[] = [];
  const { resourceAttributes: resource, nonResourceAttributes: other } = s;
  if (resource !== undefined && other !== undefined) {
    errors.push(
      fe.invalidValue(
        spec.child('nonResourceAttributes'),
        { Path: other.path ?? '', Verb: other.verb ?? '' },
        'cannot be specified in combination with resourceAttributes',
      ),
    );
  }
  if (resource === undefined && other === undefined) {
    errors.push(
      fe.invalidValue(
        spec.child('resourceAttributes'),
        null,
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    );
  }
  if (subject && !s.user && (s.groups ?? []).length === 0) {
    errors.push(
      fe.invalidValue(spec.child('user'), '', 'at least one of user or group must be specified'),
    );
  }
  const at = spec.child('resourceAttributes');
  if (resource?.fieldSelector !== undefined) {
    errors.push(...validateSelector(resource.fieldSelector, at.child('fieldSelector'), false));
  }
  if (resource?.labelSelector !== undefined) {
    errors.push(...validateSelector(resource.labelSelector, at.child('labelSelector'), true));
  }
  return errors;
}

function validateSelector(
  selector: FieldSelector | LabelSelector,
  at: fe.FieldPath,
  labels: boolean,
): fe.FieldError[] {
  const errors: fe.FieldError[] = [];
  const raw = selector.rawSelector ?? '';
  const requirements = selector.requirements ?? [];
  if (raw !== '' && requirements.length > 0) {
    errors.push(
      fe.invalidValue(
        at.child('rawSelector'),
        raw,
        'may not specified at the same time as requirements',
      ),
    );
  }
  if (raw === '' && requirements.length === 0) {
    errors.push(
      fe.required(
        at.child('requirements'),
        `when ${at} is specified, requirements or rawSelector is required`,
      ),
    );
  }
  requirements.forEach((r, i) => {
    const here = at.child('requirements').index(i);
    const values = r.values ?? [];
    const key = r.key ?? '';
    if (key === '' && !labels) errors.push(fe.required(here.child('key'), 'must be specified'));
    if ((r.operator === 'In' || r.operator === 'NotIn') && values.length === 0) {
      errors.push(
        fe.required(here.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"),
      );
    }
    if ((r.operator === 'Exists' || r.operator === 'DoesNotExist') && values.length > 0) {
      errors.push(
        fe.forbiddenField(
          here.child('values'),
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
      );
    }
    if (!labels) return;
    errors.push(...validateLabelName(key, here.child('key')));
    for (const [j, value] of values.entries()) {
      const path = here.child('values').index(j);
      errors.push(...isLabelValue(value).map((problem) => fe.invalidValue(path, value, problem)));
    }
  });
  return errors;
}

/** Reviews have no metadata but what is named. */
export function validateEmptyMetadata(
  review: KubeObject,
  allowed: readonly (keyof ObjectMeta)[],
  detail = 'must be empty',
): fe.FieldError[] {
  const metadata = review.metadata ?? {};
  const fine = new Set<string>(['managedFields', ...allowed]);
  if (Object.keys(metadata).every((k) => fine.has(k))) return [];
  // The namespace may have come of the path, behind the rest.
  const { name, generateName, namespace, ...rest } = metadata;
  const shown = { name, generateName, namespace, ...rest };
  return [fe.invalidValue(fe.FieldPath.of('metadata'), shown, detail)];
}
