/** PrioritySort: higher priority first, then whoever waits longer. */
import type { Plugin } from '../framework.ts';

export const prioritySort = {
  name: 'PrioritySort',
  wakesOn: [],
  less(a, b) {
    const pa = a.info.priority;
    const pb = b.info.priority;
    return pa > pb || (pa === pb && a.queuedAtMs < b.queuedAtMs);
  },
} satisfies Plugin;
