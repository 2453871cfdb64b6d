/** Keeps events and batches small: what is too large loses its objects, or is lost. */
import { type AuditEvent, itemJson } from './event.ts';
import type { AuditSink, OnLost } from './sink.ts';

export interface TruncateLimits {
  readonly maxEventBytes: number;
  readonly maxBatchBytes: number;
}

/** Hands on what fits, in batches that fit. */
export function truncatingSink(to: AuditSink, limits: TruncateLimits, onLost: OnLost): AuditSink {
  return {
    async process(events) {
      const batches: AuditEvent[][] = [];
      let size = limits.maxBatchBytes;
      for (const event of events) {
        const [fitting, bytes] = shortened(event, limits.maxEventBytes);
        if (bytes > limits.maxEventBytes) {
          onLost('truncate', new Error('event is too large even after truncating'), 1);
          continue;
        }
        if (batches.length === 0 || size + bytes > limits.maxBatchBytes) {
          batches.push([]);
          size = 0;
        }
        batches.at(-1)!.push(fitting);
        size += bytes;
      }
      let kept = true;
      for (const batch of batches) kept = (await to.process(batch)) && kept;
      return kept;
    },
    close: () => to.close(),
  };
}

function shortened(event: AuditEvent, maxBytes: number): [AuditEvent, number] {
  const bytes = Buffer.byteLength(itemJson(event));
  if (bytes <= maxBytes || event.level === 'Metadata') return [event, bytes];
  const { requestObject: _request, responseObject: _response, ...rest } = event;
  const annotations = { ...event.annotations, 'audit.k8s.io/truncated': 'true' };
  const cut = { ...rest, annotations };
  return [cut, Buffer.byteLength(itemJson(cut))];
}
