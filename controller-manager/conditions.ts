/** Conditions in a status: found, set, removed; lists are replaced, never changed. */

interface AnyCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
}

export function findCondition<C extends AnyCondition>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((c) => c.type === type);
}

/** The list without conditions of a type. */
export function withoutCondition<C extends AnyCondition>(
  conditions: readonly C[] | undefined,
  type: string,
): C[] {
  return (conditions ?? []).filter((c) => c.type !== type);
}

/** The list with the condition at its end; unchanged where status and reason are the same. */
export function withCondition<C extends AnyCondition>(
  conditions: readonly C[] | undefined,
  condition: C,
): C[] {
  const current = findCondition(conditions, condition.type);
  if (current?.status === condition.status && current.reason === condition.reason) {
    return [...(conditions ?? [])];
  }
  return [...withoutCondition(conditions, condition.type), condition];
}
