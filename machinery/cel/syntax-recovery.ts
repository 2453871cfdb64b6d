/**
 * Parses a text that is no expression as far as that goes, with ANTLR's automata and its way to
 * recover from errors, and reports everything on the way.
 */
import {
  type ATN,
  ATNDeserializer,
  type ATNSimulator,
  type ATNState,
  BaseErrorListener,
  BlockEndState,
  CharStream,
  CommonTokenStream,
  type DecisionState,
  DefaultErrorStrategy,
  type IntervalSet,
  LexerInterpreter,
  LL1Analyzer,
  NoViableAltException,
  type Parser,
  ParserInterpreter,
  type ParserRuleContext,
  type ParseTreeListener,
  PlusLoopbackState,
  type RecognitionException,
  type Recognizer,
  StarLoopbackState,
  StarLoopEntryState,
  type Token,
  Vocabulary,
} from 'antlr4ng';
import {
  lexerAutomaton,
  lexerRules,
  literalNames,
  parserAutomaton,
  parserRules,
  symbolicNames,
} from './grammar/automata.ts';
import type { Issues } from './issues.ts';
import { NodeBuilder } from './node-builder.ts';
import type { ParserOptions } from './parser.ts';
import type { Source } from './source.ts';
import { BrokenTree } from './syntax-tree.ts';
import { TreeBuilder } from './tree-builder.ts';

const maxRuleDepth = 250;
const maxReports = 100;
const maxRecoveries = 30;
const maxLookahead = 256;

/** Ends the parse; what there is to say has been said. */
const givenUp = Symbol('given up');

const vocabulary = new Vocabulary([...literalNames], [...symbolicNames]);

function automaton(serialized: string): ATN {
  return new ATNDeserializer().deserialize(serialized.split(',').map(Number));
}

const parserStates = automaton(parserAutomaton);
const lexerStates = automaton(lexerAutomaton);

/** Reports what is wrong with `source`. */
export function reportSyntax(source: Source, options: ParserOptions, issues: Issues): void {
  const listener = new Reporter(source, issues);
  const chars = CharStream.fromString(source.text);
  const modes = [['DEFAULT_TOKEN_CHANNEL', 'HIDDEN'], ['DEFAULT_MODE']] as const;
  const rules = [...lexerRules];
  const lexer = new LexerInterpreter(
    'cel',
    vocabulary,
    rules,
    [...modes[0]],
    [...modes[1]],
    lexerStates,
    chars,
  );
  lexer.removeErrorListeners();
  lexer.addErrorListener(listener);
  const parser = new RecoveringParser(new CommonTokenStream(lexer));
  parser.removeErrorListeners();
  parser.addErrorListener(listener);
  parser.addParseListener(new DepthLimit(issues));
  parser.errorHandler = new LimitedRecovery(issues);
  try {
    const tree = parser.parse(0);
    new BrokenTree(new TreeBuilder(options, new NodeBuilder(), issues)).visit(tree);
  } catch (e) {
    if (e !== givenUp) throw e;
  }
}

class Reporter extends BaseErrorListener {
  private readonly source: Source;
  private readonly issues: Issues;
  private reports = 0;

  constructor(source: Source, issues: Issues) {
    super();
    this.source = source;
    this.issues = issues;
  }

  override syntaxError<S extends Token, T extends ATNSimulator>(
    _recognizer: Recognizer<T>,
    _symbol: S | null,
    line: number,
    column: number,
    message: string,
  ): void {
    // An empty text has no first column there.
    const at = this.source.text === '' ? -1 : this.source.offset({ line, column });
    const location = this.source.location(at);
    if (this.reports >= maxReports) {
      this.report(location, `More than ${maxReports} syntax errors`);
      throw givenUp;
    }
    this.reports++;
    this.report(
      location,
      message.replace(
        /no viable alternative at input '.(true|false|null)'/g,
        "mismatched input '$1' expecting IDENTIFIER",
      ),
    );
  }

  private report(location: { line: number; column: number }, message: string): void {
    this.issues.reportAt(location, `Syntax error: ${message}`);
  }
}

/** Ends a parse whose rules go too deep. */
class DepthLimit implements ParseTreeListener {
  private readonly issues: Issues;
  private readonly depths = new Map<number, number>();

  constructor(issues: Issues) {
    this.issues = issues;
  }

  visitTerminal(): void {}

  visitErrorNode(): void {}

  enterEveryRule({ ruleIndex }: ParserRuleContext): void {
    const depth = (this.depths.get(ruleIndex) ?? 0) + 1;
    this.depths.set(ruleIndex, depth);
    if (depth <= maxRuleDepth) return;
    this.issues.reportNowhere(`expression recursion limit exceeded: ${maxRuleDepth}`);
    throw givenUp;
  }

  exitEveryRule({ ruleIndex }: ParserRuleContext): void {
    const depth = this.depths.get(ruleIndex) ?? 0;
    if (depth > 0) this.depths.set(ruleIndex, depth - 1);
  }
}

/** Recovers so often, and looks so far ahead for a place to go on, but not more. */
class LimitedRecovery extends DefaultErrorStrategy {
  private readonly issues: Issues;
  private attempts = 0;
  /** Tokens this recovery may still skip. */
  private left = Number.POSITIVE_INFINITY;

  constructor(issues: Issues) {
    super();
    this.issues = issues;
  }

  override recover(parser: Parser, e: RecognitionException): void {
    this.attempt(parser);
    super.recover(parser, e);
    this.left = Number.POSITIVE_INFINITY;
  }

  override recoverInline(parser: Parser): Token {
    this.attempt(parser);
    const token = super.recoverInline(parser);
    this.left = Number.POSITIVE_INFINITY;
    return token;
  }

  override consumeUntil(...[parser, set]: Parameters<DefaultErrorStrategy['consumeUntil']>): void {
    for (;;) {
      const next = parser.inputStream.LA(1);
      if (next === endOfText || set.contains(next)) return;
      if (this.left <= 0) {
        this.issues.reportNowhere(`error recovery token lookahead limit exceeded: ${maxLookahead}`);
        throw givenUp;
      }
      this.left--;
      parser.consume();
    }
  }

  private attempt(parser: Parser): void {
    this.left = maxLookahead;
    if (this.attempts === maxRecoveries) {
      this.attempts++;
      const message = `error recovery attempt limit exceeded: ${maxRecoveries}`;
      parser.notifyErrorListeners(message, null, null);
      throw givenUp;
    }
    this.attempts++;
  }
}

const endOfText = -1;

/** By decision: what each alternative begins with, where the next token tells them apart. */
const decisions: readonly (readonly IntervalSet[] | undefined)[] = parserStates.decisionToState.map(
  (state) => {
    const sets = new LL1Analyzer(parserStates).getDecisionLookahead(state) ?? [];
    const known: IntervalSet[] = [];
    for (const set of sets) {
      if (set == null || set.length === 0) return undefined;
      if (known.some((other) => (other.and(set)?.length ?? 0) > 0)) return undefined;
      known.push(set);
    }
    return known;
  },
);

/** Whether its last alternative is to go on without any of the others. */
function mayBeLeftOut(state: DecisionState): boolean {
  if (state instanceof StarLoopEntryState || state instanceof PlusLoopbackState) return true;
  return state.transitions.at(-1)?.target instanceof BlockEndState;
}

/**
 * An interpreter of the automaton that goes as a generated parser goes: on its way back in a loop
 * it is more lenient with what comes next than at the loop's start.
 */
class RecoveringParser extends ParserInterpreter {
  private loopedBack = false;
  private failedAt = 0;

  constructor(tokens: CommonTokenStream) {
    super('cel', vocabulary, [...parserRules], parserStates, tokens);
  }

  protected override visitState(state: ATNState): void {
    try {
      super.visitState(state);
    } catch (e) {
      this.failedAt = this.state;
      throw e;
    }
    if (state instanceof StarLoopbackState) this.loopedBack = true;
  }

  protected override visitDecisionState(state: DecisionState): number {
    const again = this.loopedBack && state instanceof StarLoopEntryState;
    this.loopedBack = false;
    if (state.transitions.length < 2) return 1;
    if (again) this.state = state.loopBackState!.stateNumber;
    this.errorHandler.sync(this);
    this.state = state.stateNumber;
    const sets = decisions[state.decision];
    if (sets === undefined) {
      return this.interpreter.adaptivePredict(this.inputStream, state.decision, this.context);
    }
    const next = this.inputStream.LA(1);
    const chosen = sets.findIndex((set) => set.contains(next));
    if (chosen >= 0) return chosen + 1;
    // What is optional is left out; a choice has to be made.
    if (mayBeLeftOut(state)) return sets.length;
    throw new NoViableAltException(this);
  }

  /** What a loop has so far ends where the next round begins: listeners see one rule at a time. */
  override pushNewRecursionContext(
    ...args: Parameters<ParserInterpreter['pushNewRecursionContext']>
  ): void {
    this.triggerExitRuleEvent();
    super.pushNewRecursionContext(...args);
  }

  protected override recover(e: RecognitionException): void {
    const end = this.state;
    this.state = this.failedAt;
    this.errorHandler.recover(this, e);
    this.state = end;
  }
}
