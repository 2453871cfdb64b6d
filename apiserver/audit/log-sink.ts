/** The audit log as lines of a file or of the standard output. */
import type { AuditEvent } from './event.ts';
import { eventJson, legacyText } from './event.ts';
import type { AuditSink, OnLost } from './sink.ts';

/** Where lines go; `write` throws when it cannot. */
export interface LineWriter {
  write(text: string): void;
  close(): Promise<void>;
}

/** Lines are written together up to about so many characters. */
const flushLength = 256 * 1024;

/** `format`: `json` or `legacy`. */
export function logSink(writer: LineWriter, format: 'json' | 'legacy', onLost: OnLost): AuditSink {
  const line: (e: AuditEvent) => string = format === 'json' ? eventJson : legacyText;
  return {
    process(events) {
      let kept = true;
      let text = '';
      let count = 0;
      const flush = () => {
        if (count === 0) return;
        try {
          writer.write(text);
        } catch (e) {
          kept = false;
          onLost('log', e as Error, count);
        }
        text = '';
        count = 0;
      };
      for (const event of events) {
        const next = `${line(event)}\n`;
        // One that is too large for the file does not take others with it.
        if (text.length + next.length > flushLength) flush();
        text += next;
        count++;
      }
      flush();
      return kept;
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
