/** What came out of checking a value against a schema. */
import type { FieldError, FieldPath } from '../../../machinery/meta/field-error.ts';

/** `name`: the value's path; `message` also tells problems apart. */
export interface ValueProblem {
  readonly name: string;
  readonly message: string;
  render(at: FieldPath, message: string): FieldError;
}

export class ValueResult {
  readonly problems: ValueProblem[] = [];
  /** How much of the schema was met: alternatives are compared by it. */
  matches = 0;

  /** A single problem. */
  static of(name: string, message: string, render: ValueProblem['render']): ValueResult {
    const result = new ValueResult();
    result.problems.push({ name, message, render });
    return result;
  }

  get valid(): boolean {
    return this.problems.length === 0;
  }

  /** Takes over another one; what was said already is not said again. */
  merge(other: ValueResult): this {
    for (const problem of other.problems) {
      const known = this.problems.some(({ message }) => message === problem.message);
      if (!known) this.problems.push(problem);
    }
    this.matches += other.matches;
    return this;
  }

  matched(): this {
    this.matches++;
    return this;
  }
}
