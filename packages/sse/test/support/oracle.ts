/** The events of a whole stream by WHATWG HTML 9.2.6: a second implementation, simple and slow. */
export interface Meaning {
  readonly events: readonly {
    readonly type: string;
    readonly data: string;
    readonly id: string | null;
    readonly lastEventId: string;
    readonly retry?: number;
  }[];
  readonly comments: readonly string[];
  readonly retries: readonly number[];
  readonly lastEventId: string;
}

export function meaningOf(bytes: Uint8Array): Meaning {
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\n|\r/);
  const events: Meaning['events'][number][] = [];
  const comments: string[] = [];
  const retries: number[] = [];
  let lastEventId = '';
  let block = emptyBlock();
  // The last piece has no line end, thus it is not a line.
  for (const line of lines.slice(0, -1)) {
    if (line === '') {
      lastEventId = block.id ?? lastEventId;
      if (block.data.length > 0) {
        const { type, data, id, retry } = block;
        const event = { type: type || 'message', data: data.join('\n'), id, lastEventId };
        events.push(retry === undefined ? event : { ...event, retry });
      }
      block = emptyBlock();
      continue;
    }
    const [, name = line, value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (line.startsWith(':')) {
      comments.push(value);
    } else if (name === 'data') {
      block.data.push(value);
    } else if (name === 'event') {
      block.type = value;
    } else if (name === 'id' && !value.includes('\0')) {
      block.id = value;
    } else if (name === 'retry' && /^[0-9]+$/.test(value)) {
      block.retry = Math.min(Number(value), Number.MAX_SAFE_INTEGER);
      retries.push(block.retry);
    }
  }
  return { events, comments, retries, lastEventId };
}

function emptyBlock(): {
  type: string;
  data: string[];
  id: string | null;
  retry: number | undefined;
} {
  return { type: '', data: [], id: null, retry: undefined };
}
