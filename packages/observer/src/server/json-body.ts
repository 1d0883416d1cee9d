import { type Answer, plain, type Question } from './exchange.ts';

/** The longest body of a request, in bytes. */
const longest = 65_536;

/** The body of a request that has JSON, or the answer to one that is refused. */
export async function jsonBody(
  question: Question,
): Promise<{ readonly text: string } | { readonly refusal: Answer }> {
  // A form of another site cannot send this type.
  if (!question.header('content-type').some((type) => /^application\/json\s*(?:;|$)/i.test(type))) {
    return { refusal: plain(415, 'Expected a body of the type application/json') };
  }
  let text: string | undefined;
  try {
    text = await question.body(longest);
  } catch {
    // The asker has gone, or was too slow: that is no fault of the observer.
    return { refusal: plain(400, 'Expected all of the body') };
  }
  return text === undefined
    ? { refusal: plain(413, 'Expected a body of at most 64 KB', { connection: 'close' }) }
    : { text };
}
