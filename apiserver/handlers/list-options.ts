/**
 * The query parameters of lists and watches, parsed and checked as the real server does (meta/v1
 * ListOptions).
 */
import * as fe from '../../machinery/meta/field-error.ts';
import {
  everyField,
  type FieldSelector,
  FieldSelectorError,
  parseFieldSelector,
} from '../../machinery/meta/fields.ts';
import { everything, parseLabelSelector, type Selector } from '../../machinery/meta/labels.ts';
import { badRequest, invalid } from '../../machinery/meta/status-error.ts';
import { isTrue } from '../server/api-request.ts';
import { metaGroup } from './write-options.ts';

export interface ListOptions {
  readonly labelSelector: Selector;
  readonly fieldSelector: FieldSelector;
  /** '' when not given. */
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  readonly limit: number;
  readonly continue: string;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  readonly timeoutSeconds: number | undefined;
}

const noOptions: ListOptions = {
  labelSelector: everything,
  fieldSelector: everyField,
  resourceVersion: '',
  resourceVersionMatch: '',
  limit: 0,
  continue: '',
  allowWatchBookmarks: false,
  sendInitialEvents: undefined,
  timeoutSeconds: undefined,
};

/**
 * ListOptions of a list, watch or deletecollection, with their defaults. A watch by its path alone
 * (`/watch/`) has those of a list. Throws 400 and 422.
 */
export function listOptions(query: URLSearchParams): ListOptions {
  if (query.size === 0) return noOptions;
  const resourceVersion = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const sendInitialEvents = optionalBool(query.get('sendInitialEvents'));
  const watch = isTrue(query.get('watch'));
  // The old custom of a watch from nowhere is a streaming list by another name.
  const old = watch && match === '' && sendInitialEvents === undefined;
  const streams = old && (resourceVersion === '' || resourceVersion === '0');
  const o: ListOptions = {
    labelSelector: labelSelectorOf(query.get('labelSelector')),
    fieldSelector: fieldSelectorOf(query.get('fieldSelector')),
    resourceVersion,
    resourceVersionMatch: streams ? 'NotOlderThan' : match,
    limit: integer(query.get('limit')) ?? 0,
    continue: query.get('continue') ?? '',
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: streams ? true : sendInitialEvents,
    timeoutSeconds: integer(query.get('timeoutSeconds')),
  };
  const errors = watch ? watchProblems(o) : listProblems(o);
  if (errors.length > 0) {
    throw invalid({ group: metaGroup, resource: 'ListOptions' }, '', errors);
  }
  return o;
}

function optionalBool(text: string | null): boolean | undefined {
  return text === null || text === '' ? undefined : isTrue(text);
}

function integer(text: string | null): number | undefined {
  if (text === null) return undefined;
  const wrong = (why: string) => badRequest(`strconv.ParseInt: parsing ${fe.quote(text)}: ${why}`);
  if (!/^[+-]?\d+$/.test(text)) throw wrong('invalid syntax');
  const value = BigInt(text.replace('+', ''));
  if (value !== BigInt.asIntN(64, value)) throw wrong('value out of range');
  return Number(value);
}

function labelSelectorOf(text: string | null): Selector {
  if (text === null || text === '') return everything;
  try {
    return parseLabelSelector(text);
  } catch (e) {
    throw badRequest(e instanceof Error ? e.message : String(e));
  }
}

function fieldSelectorOf(text: string | null): FieldSelector {
  if (text === null || text === '') return everyField;
  try {
    return parseFieldSelector(text);
  } catch (e) {
    if (e instanceof FieldSelectorError) throw badRequest(e.message);
    throw e;
  }
}

const matchPath = fe.FieldPath.of('resourceVersionMatch');
const initialPath = fe.FieldPath.of('sendInitialEvents');

function listProblems(o: ListOptions): fe.FieldError[] {
  const errors: fe.FieldError[] = [];
  const match = o.resourceVersionMatch;
  if (match !== '') {
    if (o.resourceVersion === '') {
      errors.push(
        fe.forbiddenField(
          matchPath,
          'resourceVersionMatch is forbidden unless resourceVersion is provided',
        ),
      );
    }
    if (o.continue !== '') {
      errors.push(
        fe.forbiddenField(matchPath, 'resourceVersionMatch is forbidden when continue is provided'),
      );
    }
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(fe.notSupported(matchPath, match, ['Exact', 'NotOlderThan', '']));
    }
    if (match === 'Exact' && o.resourceVersion === '0') {
      errors.push(
        fe.forbiddenField(
          matchPath,
          'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
      );
    }
  }
  if (o.sendInitialEvents !== undefined) {
    errors.push(fe.forbiddenField(initialPath, 'sendInitialEvents is forbidden for list'));
  }
  return errors;
}

function watchProblems(o: ListOptions): fe.FieldError[] {
  const errors: fe.FieldError[] = [];
  const match = o.resourceVersionMatch;
  if (o.sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(
      fe.forbiddenField(
        matchPath,
        'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      ),
    );
  }
  if (match !== '') {
    if (o.sendInitialEvents === undefined) {
      errors.push(
        fe.forbiddenField(
          matchPath,
          'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
        ),
      );
    }
    if (match !== 'NotOlderThan') {
      errors.push(fe.notSupported(matchPath, match, ['NotOlderThan']));
    }
    if (o.continue !== '') {
      errors.push(
        fe.forbiddenField(matchPath, 'resourceVersionMatch is forbidden when continue is provided'),
      );
    }
  }
  return errors;
}
