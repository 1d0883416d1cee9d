import { endOfBlock, exactRetry, type ServerSentEvent } from './event.ts';

/**
 * Gives each event the `retry` field of its own block. eventsource-parser reports the field but not
 * the end of a block without data, and that is where servers put it. Thus a packet with a `retry`
 * is searched for blank lines; any other packet is not.
 */
export class RetryFields {
  /** The fields of this packet, each with the number of events before it. */
  #found: { readonly retry: number; readonly events: number }[] = [];
  /** The field of the block that is still open. */
  #open: number | undefined = undefined;

  /** Whether a block of this packet has a field, or began in an earlier packet with one. */
  get isPending(): boolean {
    return this.#found.length > 0 || this.#open !== undefined;
  }

  add(retry: number, events: number): void {
    this.#found.push({ retry, events });
  }

  /** `text` is the packet from the start of a line on; `items` are the results of the packet. */
  settle(text: string, items: readonly (ServerSentEvent | string)[]): void {
    const [first, ...blocks] = splitBlocks(text);
    const open = blocks.pop();
    const firstRetry = this.#found.findLast(({ events }) => events === 0)?.retry;
    if (open === undefined) {
      this.#open = firstRetry ?? this.#open;
    } else {
      const events = items.filter((item) => typeof item !== 'string');
      const dispatching = blocks.filter((block) => dataLine.test(block));
      // A block that began in an earlier packet shows by its event: there is one event more than
      // there are blocks with data.
      const began = events.length - dispatching.length;
      if (began > 0 && first !== undefined) {
        setRetry(events[0], firstRetry ?? this.#open);
      }
      for (const [index, block] of dispatching.entries()) {
        setRetry(events[index + began], lastRetry(block));
      }
      this.#open = lastRetry(open);
    }
    this.#found = [];
  }
}

const dataLine = /(?:^|[\r\n])data[:\r\n]/;
const retryLine = /(?:^|[\r\n])retry: ?(\d+)(?=[\r\n])/g;

function lastRetry(block: string): number | undefined {
  const digits = [...block.matchAll(retryLine)].at(-1)?.[1];
  return digits === undefined ? undefined : exactRetry(Number(digits));
}

function setRetry(event: ServerSentEvent | undefined, retry: number | undefined): void {
  if (event !== undefined && retry !== undefined) {
    (event as { retry?: number }).retry = retry;
  }
}

/** The text between the ends of blocks; the last part is still open. */
function splitBlocks(text: string): readonly string[] {
  const blocks: string[] = [];
  let rest = text;
  for (let end = endOfBlock(rest); end !== -1; end = endOfBlock(rest)) {
    blocks.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...blocks, rest];
}
