/** What is wrong with a text that is no expression. */
import type { Issues } from './issues.ts';
import type { ParserOptions } from './parser.ts';
import type { Source } from './source.ts';

/** Reports why `source` does not parse. */
export function explainSyntax(source: Source, _options: ParserOptions, issues: Issues): void {
  issues.report(source.chars.length, 'Syntax error: not an expression');
}
