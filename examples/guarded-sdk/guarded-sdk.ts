/** The answer of a model through OpenAI's SDK, which ends when its server stalls. */
import { FetchError, guarded } from '@reprise/sse/fetch';
import OpenAI from 'openai';

/** Where the model is, and for how long its answer may be silent. */
export interface Model {
  readonly baseURL: string;
  readonly apiKey: string;
  /** In ms. */
  readonly idleTimeout: number;
}

/**
 * The pieces of the answer as they arrive. Throws when no byte comes for `idleTimeout` ms, and when
 * the answer ends before its `[DONE]`: without `guarded` the one hangs, and the other looks whole.
 */
export async function* ask(model: Model, question: string): AsyncGenerator<string> {
  const { baseURL, apiKey, idleTimeout } = model;
  const fetch = guarded({ idleTimeout, until: ({ data }) => data === '[DONE]' });
  // The question is asked once: each request costs money.
  const client = new OpenAI({ baseURL, apiKey, fetch, maxRetries: 0 });
  const stream = await client.chat.completions.create({
    model: 'gpt-5',
    messages: [{ role: 'user', content: question }],
    stream: true,
  });
  for await (const { choices } of stream) {
    yield choices[0]?.delta.content ?? '';
  }
}

/** Why an answer broke off, for people; `undefined` for an error of another kind. */
export function reasonOf(error: unknown): string | undefined {
  if (error instanceof FetchError) {
    return error.message;
  }
  return error instanceof Error && error.cause !== undefined ? reasonOf(error.cause) : undefined;
}
