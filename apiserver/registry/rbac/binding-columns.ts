/** The table of RoleBindings and ClusterRoleBindings. */
import type { ClusterRoleBinding, RoleBinding } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { type Column, nameColumn } from '../resource.ts';

type Binding = RoleBinding | ClusterRoleBinding;

/** Columns for one of the two kinds; their descriptions name it. */
export function bindingColumns<T extends Binding>(kind: string): Column<T>[] {
  const name = `${kind.charAt(0).toLowerCase()}${kind.slice(1)}`;
  const wide = { priority: 1 };
  return [
    nameColumn(),
    column('Role', `@rbac/v1.${kind}.roleRef`, (b) => `${b.roleRef.kind}/${b.roleRef.name}`, {
      descriptionWithout: ' This field is immutable.',
    }),
    ageColumn(),
    column('Users', `Users in the ${name}`, (b) => subjectNames(b, 'User'), wide),
    column('Groups', `Groups in the ${name}`, (b) => subjectNames(b, 'Group'), wide),
    column(
      'ServiceAccounts',
      `ServiceAccounts in the ${name}`,
      (b) => subjectNames(b, 'ServiceAccount'),
      wide,
    ),
  ];
}

function subjectNames(binding: Binding, kind: string): string {
  return (binding.subjects ?? [])
    .filter((s) => s.kind === kind)
    .map((s) => (kind === 'ServiceAccount' ? `${s.namespace ?? ''}/${s.name}` : s.name))
    .join(', ');
}
