/** The files of recorded cases: which of them a run takes, and their steps. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A request and what the real server answered; watches have steps within. */
export interface RecordedStep {
  readonly watch?: boolean;
  readonly actions?: readonly RecordedStep[];
  /** The replayer makes the request and compares nothing. */
  ignore?: boolean;
  expect?: RecordedAnswer;
}

/** What is compared. */
export interface RecordedAnswer {
  readonly events?: readonly { readonly type: string; readonly object: unknown }[];
  readonly [more: string]: unknown;
}

export interface RecordedCase {
  readonly name: string;
  /** The namespace has a `default` account, so that pods get its token. */
  readonly serviceAccount?: boolean;
  readonly setup?: readonly RecordedStep[];
  readonly steps: RecordedStep[];
}

/** A case's name over all topics: `watch/bookmarks`. */
export function fullName(topic: string, name: string): string {
  return `${topic}/${name}`;
}

/**
 * Copies the cases that `wanted` takes into another folder, each as `revise` leaves it; gives how
 * many they are.
 */
export function copyCases(
  from: string,
  to: string,
  wanted: (topic: string, name: string) => boolean,
  revise: (topic: string, recorded: RecordedCase) => void,
): number {
  let count = 0;
  for (const file of readdirSync(from).filter((f) => f.endsWith('.json'))) {
    const topic = basename(file, '.json');
    const all = JSON.parse(readFileSync(join(from, file), 'utf8')) as RecordedCase[];
    const taken = all.filter((c) => wanted(topic, c.name));
    if (taken.length === 0) continue;
    for (const c of taken) revise(topic, c);
    writeFileSync(join(to, file), JSON.stringify(taken));
    count += taken.length;
  }
  return count;
}

/** All steps of a case whose answers are compared. */
export function comparedSteps(recorded: RecordedCase): RecordedStep[] {
  const within = (s: RecordedStep): RecordedStep[] => [s, ...(s.actions ?? []).flatMap(within)];
  return recorded.steps.flatMap(within).filter((s) => s.expect !== undefined);
}
