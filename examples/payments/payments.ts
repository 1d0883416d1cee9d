/**
 * The payments of a ledger whose positions are no ids. Each event has its position in its data, and
 * each request has the last one in its query. The position is kept in a file: a program that is
 * started again goes on behind the last payment that it has handled.
 */
import type { ChildSpec } from '@reprise/actor';
import { SseClient, sqlite } from '@reprise/sse';

import type { Payment } from './ledger.ts';

export interface PaymentsOptions {
  readonly url: string;
  /** The file for the position. */
  readonly file: string;
  readonly handle: (payment: Payment) => void;
  readonly onStatus?: (status: SseClient.StatusChange) => void;
}

export function childSpec({ url, file, handle, ...rest }: PaymentsOptions): ChildSpec<'payments'> {
  return SseClient.resilient({
    id: 'payments',
    // A new program begins with the first payment: `now` would begin with the next one.
    url: ({ cursor }) => `${url}?cursor=${encodeURIComponent(cursor)}`,
    cursor: { store: sqlite(file), dedupe: true },
    // "hello" and "byebye" are texts, and bring no position.
    cursorOf: ({ data }) => (JSON.parse(data) as Partial<Payment>).paging_token,
    handle: ({ type, data }) => {
      if (type === 'message') {
        handle(JSON.parse(data) as Payment);
      }
    },
    ...rest,
  });
}
