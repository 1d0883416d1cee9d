/** The answer of a language model, token by token: one POST whose response is the stream. */
import { events } from '@reprise/sse';
import * as z from 'zod';

/** A request in the form that most of these APIs use. */
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
 * The pieces of the answer as they arrive. The stream is read only as fast as the loop asks for
 * pieces. Throws when the stream ends before its `[DONE]`: the question is not sent again, because
 * each request costs money.
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
