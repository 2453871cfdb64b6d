/** Tables of objects and of what the server has against them: for tests. */
import { type Loose, problems, sameTexts, TestRegistry } from './core/test-registry.ts';

/** What it is about, the object, the problems: `field: text`, a text may end in `…`. */
export type Refusal = readonly [what: string, object: Loose, expected: readonly string[]];

/** A new object each, and what it is refused with. */
export function describeCreates(
  apiVersion: string,
  plural: string,
  table: readonly Refusal[],
): void {
  describe(`new ${plural} of ${apiVersion}`, () => {
    for (const [what, object, expected] of table) {
      it(what, async () => {
        await using registry = await TestRegistry.openAll();
        sameTexts(await problems(registry.create(plural, object, { apiVersion })), expected);
      });
    }
  });
}

/** How an object is changed, and through which subresource. */
export type Change = readonly [
  what: string,
  object: Loose,
  change: (object: Loose) => void,
  expected: readonly string[],
  subresource?: string,
];

/** A change of an object each, and what it is refused with. */
export function describeUpdates(
  apiVersion: string,
  plural: string,
  table: readonly Change[],
): void {
  describe(`changed ${plural} of ${apiVersion}`, () => {
    for (const [what, object, change, expected, subresource = ''] of table) {
      it(what, async () => {
        await using registry = await TestRegistry.openAll();
        await registry.create(plural, object, { apiVersion });
        const request = { apiVersion, subresource };
        const { name } = object.metadata;
        sameTexts(await problems(registry.update(plural, name, change, request)), expected);
      });
    }
  });
}
