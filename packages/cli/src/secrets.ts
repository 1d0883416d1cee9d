import { redact } from '@reprise/actor/text';

import type { ClientOptions } from './options/client-options.ts';

/** A function that takes the secrets of a command line out of a text, such as an answer's body. */
export function hiderOf(
  urls: readonly string[],
  { headers = {} }: Pick<ClientOptions, 'headers'>,
): (text: string) => string {
  const fromHeaders = Object.entries(headers).flatMap(([name, values]) =>
    secretName.test(name) ? [values ?? []].flat().map(credentialsIn) : [],
  );
  const secrets = [...fromHeaders, ...urls.flatMap(secretsOf)].filter(
    (secret) => secret.length >= shortest,
  );
  return (text) =>
    secrets.reduce((hidden, secret) => hidden.replaceAll(secret, '[redacted]'), redact(text));
}

/** Headers whose value is a secret. */
const secretName = /auth|cookie|token|secret|key|password/i;

/** In characters: a shorter one would be found in every other word. */
const shortest = 4;

/** Without the scheme, such as `Bearer`. */
function credentialsIn(value: string): string {
  return value.replace(/^(?:basic|bearer|digest|token)\s+/i, '');
}

function secretsOf(url: string): readonly string[] {
  const { password = '', searchParams = new URLSearchParams() } = URL.parse(url) ?? {};
  const values = [...searchParams].flatMap(([name, value]) =>
    secretName.test(name) ? [value] : [],
  );
  return [decoded(password), password, ...values];
}

/** Unlike `decodeURIComponent`, this takes a text that is no encoding as it is. */
function decoded(text: string): string {
  return new URLSearchParams(`_=${text.replaceAll('+', '%2B')}`).get('_') ?? '';
}
