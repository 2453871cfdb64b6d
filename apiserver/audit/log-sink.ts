/** The audit log as lines of a file or of the standard output. */
import type { AuditEvent } from './event.ts';
import { eventJson, legacyText } from './event.ts';
import type { AuditSink, OnLost } from './sink.ts';

/** Where lines go; `write` throws when it cannot. */
export interface LineWriter {
  write(text: string): void;
  close(): Promise<void>;
}

/** `format`: `json` or `legacy`. */
export function logSink(writer: LineWriter, format: 'json' | 'legacy', onLost: OnLost): AuditSink {
  const line: (e: AuditEvent) => string = format === 'json' ? eventJson : legacyText;
  return {
    process(events) {
      try {
        writer.write(events.map((e) => `${line(e)}\n`).join(''));
        return true;
      } catch (e) {
        onLost('log', e as Error, events.length);
        return false;
      }
    },
    close: () => writer.close(),
  };
}

/** The process's own output. */
export const standardOutput: LineWriter = {
  write(text) {
    process.stdout.write(text);
  },
  close: () => Promise.resolve(),
};
