import { redact } from '@reprise/actor/text';

import type { TopOptions } from './options.ts';

type Place = Pick<TopOptions, 'url' | 'token'>;

/** The observer cannot be reached, or does not answer as one. The message says what to do. */
export class UnreachableError extends Error {}

/** How long an answer may take, in ms. */
const timeout = 10_000;

/**
 * Asks an observer, such as for `api/tree`.
 * @throws (rejects) UnreachableError
 */
export async function ask(place: Place, path: string): Promise<unknown> {
  const response = await send(place, path, { method: 'GET' });
  const refusal = refusalOf(place, response.status);
  if (refusal !== undefined) {
    throw refusal;
  }
  try {
    return await response.json();
  } catch {
    throw noObserver(place, 'another answer than JSON');
  }
}

/** Sends JSON. Whether it arrives is of no matter: the next one follows. */
export async function tell(place: Place, path: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  try {
    await send(place, path, { method: 'POST', headers, body: JSON.stringify(body) });
  } catch {
    // The stream tells that the observer is gone.
  }
}

async function send(place: Place, path: string, init: RequestInit): Promise<Response> {
  const headers = { ...headersOf(place), ...(init.headers as Record<string, string> | undefined) };
  const signal = AbortSignal.timeout(timeout);
  try {
    return await fetch(place.url + path, { ...init, headers, redirect: 'manual', signal });
  } catch (error) {
    throw noObserver(place, causeOf(error));
  }
}

/** The token, for a request. */
export function headersOf({ token }: Place): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** The error for an answer with this status; `undefined` for a good one. */
export function refusalOf(place: Place, status: number): UnreachableError | undefined {
  if (status === 401) {
    const got = place.token === undefined ? 'none' : 'another one';
    return new UnreachableError(
      `Expected the token of the observer in REPRISE_TOKEN, or in the URL behind #, got ${got}`,
    );
  }
  if (status === 429 || status === 503) {
    return new UnreachableError(
      `Expected an answer of the observer at ${redact(place.url)}, got status ${status}: try again in a minute`,
    );
  }
  return status === 200 ? undefined : noObserver(place, `status ${status}`);
}

export function noObserver({ url }: Place, got: string): UnreachableError {
  return new UnreachableError(
    `Expected an observer at ${redact(url)}, got ${got}: is observer() a child in that program?`,
  );
}

function causeOf(error: unknown): string {
  const { cause, message } = error as Error & { readonly cause?: Error & { code?: string } };
  return cause?.code ?? cause?.message ?? message;
}
