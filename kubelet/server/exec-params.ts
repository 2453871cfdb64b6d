/** The query of exec and attach requests, as the API server sends it. */
import type { StreamFlags } from '../../machinery/streaming/command-side.ts';
import { isOn } from './http-answer.ts';

/** Which streams are wanted; with a terminal there is no separate error output. */
export function streamFlags(query: URLSearchParams): StreamFlags {
  const tty = isOn(query, 'tty');
  return {
    stdin: isOn(query, 'input') || isOn(query, 'stdin'),
    stdout: isOn(query, 'output') || isOn(query, 'stdout'),
    stderr: (isOn(query, 'error') || isOn(query, 'stderr')) && !tty,
    tty,
  };
}
