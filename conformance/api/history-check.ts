/** Compares what a watch showed with what happened. Pure; problems are returned as texts. */
import type { Session } from './history-watcher.ts';
import type { Expected, StoreHistory } from './store-history.ts';
import type { Seen } from './watch-stream.ts';

/** What is wrong with a session; undefined: nothing. */
export function sessionProblem(session: Session, history: StoreHistory): string | undefined {
  const { start, selection } = session;
  let problem: string | undefined;
  switch (start.kind) {
    case 'from':
      problem = liveProblem(session, session.events, start.revision, history);
      break;
    case 'list':
      problem =
        differs(start.items, history.stateAt(selection, start.revision), true) ??
        liveProblem(session, session.events, start.revision, history);
      break;
    case 'initial':
      problem = initialProblem(session, start.atLeast, history);
      break;
    case 'legacy':
      problem = legacyProblem(session, history);
  }
  return problem === undefined ? undefined : `${session.form} ${session.path}: ${problem}`;
}

function initialProblem(
  session: Session,
  atLeast: number,
  history: StoreHistory,
): string | undefined {
  const { events, selection, last } = session;
  const end = events.findIndex((e) => e.initialEnd);
  // Cut off before the end of the state: of no use to a client.
  if (end < 0) return last ? 'the initial events did not end' : undefined;
  const { revision } = events[end]!;
  if (revision < atLeast) return `state of ${revision}, older than ${atLeast}`;
  const state = history.stateAt(selection, revision);
  return (
    differs(events.slice(0, end), state, true) ??
    liveProblem(session, events.slice(end + 1), revision, history)
  );
}

/** The state's end is not marked without bookmarks: some split into state and events must be right. */
function legacyProblem(session: Session, history: StoreHistory): string | undefined {
  const { events } = session;
  if (session.path.includes('allowWatchBookmarks=true')) return initialProblem(session, 0, history);
  if (events.some((e) => e.initialEnd)) return 'a bookmark that was not asked for';
  const keys = new Set<string>();
  let most = 0;
  for (const e of events) {
    if (e.type !== 'ADDED' || keys.has(e.key)) break;
    keys.add(e.key);
    most++;
  }
  let first: string | undefined;
  for (let count = most; count >= 0; count--) {
    const initial = events.slice(0, count);
    // The state is that of some revision before the next event's.
    const until = events[count]?.revision ?? Number.MAX_SAFE_INTEGER;
    for (const revision of revisionsOfState(initial, until, session, history)) {
      const problem = liveProblem(session, events.slice(count), revision, history);
      if (problem === undefined) return undefined;
      first ??= problem;
    }
  }
  // Cut off amid the state.
  if (!session.last && most === events.length) return undefined;
  return first ?? 'no state and events explain what was seen';
}

/** The revisions below `until` at which the selection was just these objects. */
function* revisionsOfState(
  initial: readonly Seen[],
  until: number,
  { selection }: Session,
  history: StoreHistory,
): Generator<number, void> {
  const wanted = new Map(initial.map((e) => [e.key, e.revision]));
  const state = new Map<string, number>();
  let same = 0;
  const count = (key: string, by: number) => {
    if (state.get(key) !== undefined && state.get(key) === wanted.get(key)) same += by;
  };
  if (wanted.size === 0) yield 0;
  for (const e of history.after(selection, 0)) {
    if (e.revision >= until) return;
    count(e.key, -1);
    if (e.type === 'DELETED') state.delete(e.key);
    else state.set(e.key, e.revision);
    count(e.key, 1);
    if (same === wanted.size && state.size === wanted.size) {
      if (differs(initial, history.stateAt(selection, e.revision), true) === undefined) {
        yield e.revision;
      }
    }
  }
}

/** Events after a revision: a prefix of what is expected, all of it in the last session. */
function liveProblem(
  session: Session,
  events: readonly Seen[],
  after: number,
  history: StoreHistory,
): string | undefined {
  const expected = history.after(session.selection, after);
  let at = 0;
  let position = after;
  for (const e of events) {
    const next = expected[at];
    if (e.type === 'BOOKMARK') {
      if (e.revision < position) return `bookmark ${e.revision} after ${position}`;
      if (next !== undefined && next.revision <= e.revision) {
        return `bookmark ${e.revision} before ${text(next)}`;
      }
      continue;
    }
    if (next === undefined) return `saw ${text(e)}, expected nothing more`;
    const problem = differs([e], [next], false);
    if (problem !== undefined) return `after ${position}: ${problem}`;
    position = e.revision;
    at++;
  }
  if (session.last && at < expected.length) {
    return `${expected.length - at} events are missing, the first ${text(expected[at]!)}`;
  }
  return undefined;
}

function differs(
  seen: readonly Seen[],
  expected: readonly Expected[],
  state: boolean,
): string | undefined {
  for (let i = 0; i < Math.max(seen.length, expected.length); i++) {
    const [a, b] = [seen[i], expected[i]];
    const same =
      a !== undefined &&
      b !== undefined &&
      a.type === b.type &&
      a.key === b.key &&
      a.revision === b.revision &&
      a.serial === b.serial;
    if (same) continue;
    const where = state ? `state, item ${i}: ` : '';
    return `${where}saw ${a && text(a)}, expected ${b && text(b)}`;
  }
  return undefined;
}

function text(e: Pick<Seen, 'type' | 'key' | 'revision' | 'serial'>): string {
  return `${e.type} ${e.key}@${e.revision}#${e.serial}`;
}
