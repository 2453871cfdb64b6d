/** The audit log as EventLists posted to a webhook. */
import type { Retries, WebhookClient } from '../webhook/webhook-client.ts';
import { itemJson } from './event.ts';
import type { AuditSink, OnLost } from './sink.ts';

/** Any failure is tried again. */
export function webhookSink(client: WebhookClient, retries: Retries, onLost: OnLost): AuditSink {
  return {
    async process(events) {
      const items = events.map(itemJson).join(',');
      const list = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items}]}\n`;
      try {
        await client.post(list, retries, () => true);
        return true;
      } catch (e) {
        onLost('webhook', e as Error, events.length);
        return false;
      }
    },
    async close() {
      client.close();
    },
  };
}
