import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { FetchError } from '@reprise/sse/fetch';

import type { SdkFault } from './faults.ts';
import type { Fetch, Sdk } from './sdks.ts';

/** How a request of an SDK ended under a fault. */
export type Outcome =
  /** It had not ended when the window was over. */
  | { readonly type: 'hangs' }
  /** It ended without an error, and its result was not the answer. */
  | { readonly type: 'lies'; readonly answer: string }
  /** `failure`: that of `guarded`, if the error or one of its causes has one. */
  | {
      readonly type: 'error';
      readonly name: string;
      readonly message: string;
      readonly failure?: string;
      /** In ms. */
      readonly after: number;
    };

/** Plays a fault to an SDK for at most `window` ms. */
export async function outcomeOf(
  sdk: Sdk,
  fault: SdkFault,
  fetch: Fetch,
  window: number,
): Promise<Outcome> {
  const server = createServer((_request, response) => {
    fault.play(response, sdk.start);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const over = Promise.withResolvers<Outcome>();
  const timer = setTimeout(over.resolve, window, { type: 'hangs' });
  const outcome = await Promise.race([
    over.promise,
    ended(sdk.run(`http://127.0.0.1:${port}/v1`, fetch)),
  ]);
  clearTimeout(timer);
  server.closeAllConnections();
  server.close();
  return outcome;
}

async function ended(answer: Promise<string>): Promise<Outcome> {
  const startedAt = performance.now();
  try {
    return { type: 'lies', answer: await answer };
  } catch (error) {
    const { name, message } = asError(error);
    const failure = failureIn(error);
    const after = Math.round(performance.now() - startedAt);
    return { type: 'error', name, message, after, ...(failure && { failure }) };
  }
}

/** SDKs give their own classes no name. */
function asError(error: unknown): { readonly name: string; readonly message: string } {
  return error instanceof Error
    ? { name: error.constructor.name, message: error.message }
    : { name: typeof error, message: String(error) };
}

function failureIn(error: unknown): string | undefined {
  if (error instanceof FetchError) {
    return error.message;
  }
  return error instanceof Error && error.cause !== error ? failureIn(error.cause) : undefined;
}

export function formatOutcome(outcome: Outcome): string {
  if (outcome.type === 'error') {
    return `${outcome.name}, ${(outcome.after / 1000).toFixed(1)} s`;
  }
  return outcome.type === 'lies' ? `lies: ${outcome.answer}` : 'hangs';
}
