/**
 * Where the recording is not what an upstream v1.36 server on a present etcd answers. This table is
 * all that a run takes out of the expectations; everything else in these cases is compared.
 */
import { comparedSteps, type RecordedAnswer, type RecordedCase } from './cases.ts';
import { withoutLinesInDiff } from './spec-diff.ts';

export interface Deviation {
  readonly name: string;
  readonly why: string;
  /** Takes it out of a case's expectations; false when the case does not show it. */
  correct(recorded: RecordedCase): boolean;
}

const configMap = 'openshift-service-ca.crt';

/** A fourth source in the volume of the service account token. */
const downstreamTokenVolume: Deviation = {
  name: `token volume with ${configMap}`,
  why:
    'the recording server was a downstream build, whose ServiceAccount admission adds a config ' +
    'map that no upstream server knows',
  correct(recorded) {
    if (recorded.serviceAccount !== true) return false;
    return revise(recorded, (answer) => withoutSource(answer) as RecordedAnswer);
  },
};

const watchListRefused =
  'a watch stream was requested by the client but the required storage feature ' +
  'RequestWatchProgress is disabled';

/** Watches that begin with a list. */
const oldEtcd: Deviation = {
  name: 'sendInitialEvents refused',
  why:
    'the recording server stood on an etcd 3.4 before 3.4.31. A server asks each etcd for its ' +
    'version and refuses these watches on those before 3.4.31 and on 3.5.0 to 3.5.12, which lose ' +
    'progress notifications; on every later one it serves them (its WatchList feature is on). ' +
    'What they send is held by tests of our own',
  correct(recorded) {
    let found = false;
    for (const step of comparedSteps(recorded)) {
      const events = step.expect?.events ?? [];
      if (events.length !== 1 || !isRefusal(events[0])) continue;
      step.ignore = true;
      found = true;
    }
    return found;
  },
};

const paramsMissing = 'no params found for policy binding with `Deny` parameterNotFoundAction';

/** Parameters that are there, and are not found. */
const staleParams: Deviation = {
  name: 'parameters of policies not found',
  why:
    'the recording server had had another policy with ConfigMaps for parameters before, which was ' +
    'deleted: then it stops to watch them, and never begins again (one informer is shared, and ' +
    'stopped by the first policy that goes). A server that sees its first such policy finds them; ' +
    'what policies do with parameters is held by tests of our own',
  correct(recorded) {
    let found = false;
    for (const step of comparedSteps(recorded)) {
      if (!JSON.stringify(step.expect).includes(paramsMissing)) continue;
      step.ignore = true;
      found = true;
    }
    return found;
  },
};

export const deviations: readonly Deviation[] = [downstreamTokenVolume, oldEtcd, staleParams];

function revise(recorded: RecordedCase, change: (answer: RecordedAnswer) => RecordedAnswer) {
  let changed = false;
  for (const step of comparedSteps(recorded)) {
    const before = JSON.stringify(step.expect);
    step.expect = change(step.expect!);
    if (JSON.stringify(step.expect) !== before) changed = true;
  }
  return changed;
}

function withoutSource(value: unknown): unknown {
  if (typeof value === 'string') return withoutSourceInDiff(value);
  if (Array.isArray(value)) return value.filter((v) => !isSource(v)).map(withoutSource);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, withoutSource(v)]));
}

function isSource(value: unknown): boolean {
  const source = value as { configMap?: { name?: string } } | null;
  return source?.configMap?.name === configMap;
}

/** The messages of refused pod updates show both specs as text; volumes stand first there. */
function withoutSourceInDiff(text: string): string {
  if (!text.includes('pod updates may not change fields')) return text;
  return withoutLinesInDiff(text, {
    lines: 18,
    mark: `"Name": "${configMap}"`,
    linesBeforeMark: 4,
    endsBefore: 100,
  });
}

function isRefusal(event: { type: string; object: unknown } | undefined): boolean {
  const status = event?.object as { message?: string } | undefined;
  return event?.type === 'ERROR' && status?.message === watchListRefused;
}
