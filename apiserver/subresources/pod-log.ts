/** `pods/log`: what a container wrote, as its kubelet has it. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import * as fe from '../../machinery/meta/field-error.ts';
import {
  badRequest,
  internalError,
  invalid,
  StatusError,
} from '../../machinery/meta/status-error.ts';
import { formatTime, parseTime } from '../../machinery/meta/times.ts';
import type { Pod } from '../../machinery/schema/wire.ts';
import type { Subresource, SubresourceAnswer, SubresourceCall } from '../registry/subresource.ts';
import type { SubresourceEnvironment } from '../registry/subresources.ts';
import { containerOf, type Kubelets } from './kubelets.ts';
import { addressOf, type Backend, openRequest } from './proxying/backend.ts';
import { dialProblem } from './proxying/dial-problem.ts';
import { serverResponse } from './proxying/server-response.ts';
import { boolOption, encodeQuery, integerOption } from './query-options.ts';

/** How much of a kubelet's refusal is read. */
const problemLimitBytes = 50_000;

export function podLog(env: SubresourceEnvironment, kubelets: Kubelets): Subresource {
  return {
    resource: 'pods',
    name: 'log',
    verbs: ['get'],
    kind: 'Pod',
    streams: ['text/plain'],
    async handle(call) {
      const { query } = call;
      const params = logParams(query, call.name);
      const stored = await env.catalog().stored('pods')!.store.get(call.namespace, call.name);
      const pod = stored.object<Pod>();
      const container = containerOf(pod, query.get('container') ?? '');
      const node = pod.spec?.nodeName ?? '';
      // A pod that is nowhere yet has written nothing.
      if (node === '') return { code: 204, headers: {}, stream: Readable.from([]) };
      const kubelet = await kubelets.of(node, 'pods');
      const path = `/containerLogs/${call.namespace}/${call.name}/${container}`;
      const checked = !boolOption(query, 'insecureSkipTLSVerifyBackend');
      return read(
        call,
        checked ? kubelet : kubelets.insecure(kubelet),
        params === '' ? path : `${path}?${params}`,
      );
    },
  };
}

/** The kubelet's query. Throws 400 and 422. */
export function logParams(query: URLSearchParams, name: string): string {
  const pairs: [string, string][] = [];
  for (const flag of ['follow', 'previous', 'timestamps']) {
    if (boolOption(query, flag)) pairs.push([flag, 'true']);
  }
  const errors: fe.FieldError[] = [];
  const integer = (option: string) => integerOption(query, option);
  const tailLines = integer('tailLines');
  const limitBytes = integer('limitBytes');
  const sinceSeconds = integer('sinceSeconds');
  const sinceTime = timeOption(query.get('sinceTime'));
  const below = (at: string, value: number, text: string) =>
    errors.push(fe.invalidValue(fe.FieldPath.of(at), value, text));
  if (tailLines !== undefined && tailLines < 0) {
    below('tailLines', tailLines, 'must be greater than or equal to 0');
  }
  if (limitBytes !== undefined && limitBytes < 1) {
    below('limitBytes', limitBytes, 'must be greater than 0');
  }
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    const text = 'at most one of `sinceTime` or `sinceSeconds` may be specified';
    // As the real server shows a path that is a list with nothing in it.
    errors.push(fe.forbiddenField(fe.FieldPath.of('[]'), text));
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    below('sinceSeconds', sinceSeconds, 'must be greater than 0');
  }
  if (query.get('stream')) {
    errors.push(fe.forbiddenField(fe.FieldPath.of('stream'), 'may not be specified'));
  }
  if (errors.length > 0) throw invalid({ group: '', resource: 'PodLogOptions' }, name, errors);
  if (sinceSeconds !== undefined) pairs.push(['sinceSeconds', String(sinceSeconds)]);
  if (sinceTime !== undefined) pairs.push(['sinceTime', sinceTime]);
  if (tailLines !== undefined) pairs.push(['tailLines', String(tailLines)]);
  if (limitBytes !== undefined) pairs.push(['limitBytes', String(limitBytes)]);
  return encodeQuery(pairs);
}

function timeOption(text: string | null): string | undefined {
  if (text === null || text === '') return undefined;
  try {
    return formatTime(parseTime(text));
  } catch (e) {
    throw badRequest(e instanceof Error ? e.message : String(e));
  }
}

function read(call: SubresourceCall, kubelet: Backend, path: string): Promise<SubresourceAnswer> {
  return new Promise((resolve, reject) => {
    const request = openRequest(kubelet, 'GET', path, {
      Host: addressOf(kubelet),
      'User-Agent': 'k8ts-apiserver',
    });
    const stop = () => request.destroy();
    call.signal.addEventListener('abort', stop, { once: true });
    request.once('close', () => call.signal.removeEventListener('abort', stop));
    request.once('error', (e) => {
      const url = `https://${addressOf(kubelet)}${path}`;
      const why = dialProblem(e, kubelet.host, kubelet.port);
      reject(new StatusError('', `Get ${JSON.stringify(url)}: ${why}`));
    });
    request.once('response', (answer) => {
      const code = answer.statusCode ?? 0;
      if (code >= 200 && code <= 206) {
        resolve({ code: 200, headers: { 'Content-Type': 'text/plain' }, stream: answer });
        return;
      }
      problemOf(call.name, code, answer).then(reject, reject);
    });
    request.end();
  });
}

/** The kubelet's refusal as ours. */
async function problemOf(
  name: string,
  code: number,
  answer: IncomingMessage,
): Promise<StatusError> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > problemLimitBytes) break;
  }
  const text = Buffer.concat(chunks).toString('utf8', 0, problemLimitBytes);
  if (code === 500) return internalError(text);
  if (code === 400) return badRequest(text);
  return serverResponse(code, { group: '', resource: 'pods/log' }, name, text);
}
