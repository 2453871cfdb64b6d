/** What is wrong with a text that is no expression. */
import { createRequire } from 'node:module';
import type { Issues } from './issues.ts';
import type { ParserOptions } from './parser.ts';
import type { Source } from './source.ts';

const require = createRequire(import.meta.url);

/**
 * Reports why `source` does not parse, in the words users know from the reference: those of its
 * parser generator, whose way to go on after an error they follow. Its run time is large and only
 * loaded when there is something to complain about.
 */
export function explainSyntax(source: Source, options: ParserOptions, issues: Issues): void {
  const recovery = require('./syntax-recovery.ts') as typeof import('./syntax-recovery.ts');
  recovery.reportSyntax(source, options, issues);
  // Two parsers read one grammar; where they differ, the text is refused all the same.
  if (issues.size === 0) issues.report(0, 'Syntax error: not an expression');
}
