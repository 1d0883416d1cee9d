/** An answer of a language model, token by token: one POST whose stream is the answer. */
import { events } from '@reprise/sse';
import * as z from 'zod';

/** What is to be sent, in the manner of most such APIs. */
export interface Question {
  readonly url: string;
  readonly apiKey: string;
  readonly messages: readonly { readonly role: 'user' | 'system'; readonly content: string }[];
  readonly signal?: AbortSignal;
}

const chunk = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().optional() }) })),
});

/**
 * The pieces of the answer as they come; nothing more is read while nobody asks for the next one.
 * Throws when the stream ends before its `[DONE]`: the question is not sent again, since it is paid
 * for each time.
 */
export async function* ask({ url, apiKey, messages, signal }: Question): AsyncGenerator<string> {
  const stream = events(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ stream: true, messages }),
    until: ({ data }) => data === '[DONE]',
    events: { message: chunk },
    handleInvalid: ({ type, event }) => {
      throw new Error(`Expected a chunk of an answer, got ${event.data} (${type})`);
    },
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const { data } of stream) {
    yield data.choices.map(({ delta }) => delta.content ?? '').join('');
  }
}
