/**
 * A client that watches one selection for the length of a test: it starts in every way there is,
 * is disconnected at random, resumes or starts anew, and writes down all that it saw.
 */
import type { IncomingMessage } from 'node:http';
import type { Api } from './api.ts';
import type { Random } from './random.ts';
import { pathOf, type Selection } from './selection.ts';
import { acceptOf, type Form, type Seen, WatchReader } from './watch-stream.ts';

/** How a session began: from a revision, with a state of a known revision, or of an unknown one. */
export type SessionStart =
  | { readonly kind: 'from'; readonly revision: number }
  | { readonly kind: 'list'; readonly revision: number; readonly items: readonly Seen[] }
  | { readonly kind: 'initial'; readonly atLeast: number }
  | { readonly kind: 'legacy' };

/** One watch from its start to its end. */
export interface Session {
  readonly selection: Selection;
  readonly form: Form;
  readonly path: string;
  readonly start: SessionStart;
  readonly events: Seen[];
  /** Still open when the test ended: nothing may be missing at its end. */
  last: boolean;
}

export interface WatcherOptions {
  readonly api: Api;
  readonly selection: Selection;
  readonly form: Form;
  readonly random: Random;
  /** A revision that some client has seen, and which may be old. */
  recent(): number;
  /** Resolves when the writers have stopped. */
  readonly quiet: Promise<void>;
}

/** The last session ends when nothing more has come for so long. */
const settleMs = 2000;
const lastAttempts = 10;

export class HistoryWatcher {
  readonly sessions: Session[] = [];
  readonly problems: string[] = [];
  /** Answers 410, as an HTTP status or as an event. */
  gone = 0;
  readonly #options: WatcherOptions;
  #position = 0;
  #quiet = false;

  constructor(options: WatcherOptions) {
    this.#options = options;
    void options.quiet.then(() => {
      this.#quiet = true;
    });
  }

  /** Watches until all is quiet, and then once more until all has been seen. */
  async run(): Promise<void> {
    while (!this.#quiet) await this.#session(false);
    for (let attempt = 0; attempt < lastAttempts; attempt++) {
      if ((await this.#session(true)) === 'settled') return;
    }
    this.problems.push(`${pathOf(this.#options.selection)}: no watch held until the end`);
  }

  async #session(last: boolean): Promise<'settled' | 'over'> {
    const { random, api, form } = this.#options;
    const session = await this.#begin(last);
    if (session === undefined) return 'over';
    const headers = { accept: acceptOf(form) };
    let response: IncomingMessage;
    try {
      response = await api.open('GET', session.path, { headers, fresh: true });
    } catch {
      return 'over';
    }
    if (response.statusCode !== 200) {
      const text = (await response.toArray()).join('');
      const overloaded = [503, 504].includes(response.statusCode ?? 0);
      if (!overloaded) this.problems.push(`${session.path}: ${response.statusCode} ${text}`);
      return 'over';
    }
    this.sessions.push(session);
    const timer = setTimeout(
      () => {
        session.last = last;
        response.destroy();
      },
      last ? settleMs : 50 + random.below(1500),
    );
    const reader = new WatchReader(form);
    try {
      for await (const chunk of response) {
        if (random.oneIn(40)) await new Promise((resolve) => setTimeout(resolve, 100));
        if (last) timer.refresh();
        if (!this.#note(session, reader.push(chunk as Buffer))) break;
      }
    } catch (error) {
      if (!/aborted|ECONNRESET|premature/i.test(String(error))) {
        this.problems.push(`${session.path}: ${error}`);
      }
    } finally {
      clearTimeout(timer);
      response.destroy();
    }
    return session.last ? 'settled' : 'over';
  }

  /** False when the session is over. */
  #note(session: Session, events: readonly Seen[]): boolean {
    for (const event of events) {
      if (event.type === 'ERROR') {
        if (event.code === 410) this.gone++;
        else this.problems.push(`${session.path}: event of an error ${event.code}`);
        this.#position = 0;
        return false;
      }
      session.events.push(event);
      if (knowsPosition(session)) this.#position = event.revision;
    }
    return true;
  }

  async #begin(last: boolean): Promise<Session | undefined> {
    const { random, selection, form } = this.#options;
    const make = (start: SessionStart, parameters: Record<string, string>): Session => ({
      selection,
      form,
      path: pathOf(selection, { watch: 'true', ...parameters }),
      start,
      events: [],
      last: false,
    });
    const maybe: Record<string, string> = {
      ...(random.oneIn(2) ? { allowWatchBookmarks: 'true' } : {}),
      ...(random.oneIn(4) && !last ? { timeoutSeconds: '1' } : {}),
    };
    if (this.#position > 0 && !random.oneIn(4)) {
      const revision = this.#position;
      return make({ kind: 'from', revision }, { ...maybe, resourceVersion: String(revision) });
    }
    const old = this.#options.recent();
    switch (random.below(5)) {
      case 0:
        return make({ kind: 'legacy' }, { ...maybe, resourceVersion: '0' });
      case 1:
        return make({ kind: 'legacy' }, maybe);
      case 2:
        return make({ kind: 'from', revision: old }, { ...maybe, resourceVersion: String(old) });
      case 3: {
        const at = random.pick(['', '0', String(old)]);
        return make(
          { kind: 'initial', atLeast: Number(at) },
          {
            ...maybe,
            allowWatchBookmarks: 'true',
            sendInitialEvents: 'true',
            resourceVersionMatch: 'NotOlderThan',
            ...(at === '' ? {} : { resourceVersion: at }),
          },
        );
      }
      default: {
        const start = await this.#list(random.oneIn(2) ? {} : { resourceVersion: '0' });
        if (start === undefined) return undefined;
        return make(start, { ...maybe, resourceVersion: String(start.revision) });
      }
    }
  }

  async #list(
    parameters: Record<string, string>,
  ): Promise<Extract<SessionStart, { kind: 'list' }> | undefined> {
    const path = pathOf(this.#options.selection, parameters);
    const answer = await this.#options.api.call('GET', path).catch(() => undefined);
    if (answer === undefined || answer.status === 503 || answer.status === 504) return undefined;
    if (answer.status !== 200) {
      this.problems.push(`${path}: ${answer.status} ${answer.object.message}`);
      return undefined;
    }
    const items = (answer.object.items ?? []).map(
      ({ metadata }): Seen => ({
        type: 'ADDED',
        key: `${metadata.namespace}/${metadata.name}`,
        revision: Number(metadata.resourceVersion),
        serial: metadata.annotations?.['serial'] ?? '',
        initialEnd: false,
        code: 0,
      }),
    );
    return { kind: 'list', revision: Number(answer.object.metadata.resourceVersion), items };
  }
}

/** Whether the last event's revision is one to resume from: not amid an initial state. */
function knowsPosition(session: Session): boolean {
  const { kind } = session.start;
  if (kind === 'from' || kind === 'list') return true;
  if (kind === 'initial') return session.events.some((e) => e.initialEnd);
  // A legacy watch does not tell where its initial state ends.
  return false;
}
