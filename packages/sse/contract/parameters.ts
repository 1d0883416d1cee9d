import { inspect } from 'node:util';

import { z } from 'zod';

import { requestProblem } from '../src/http/request.ts';
import type { SseRequest } from '../src/index.ts';

/** The parsed value of a request body, or the reason why it is refused, as "Expected …, got …". */
export type Read<Value> =
  | { readonly type: 'read'; readonly value: Value }
  | { readonly type: 'refused'; readonly message: string };

/** The parameters of a new client; `null` leaves one unset. */
export type Parameters = z.infer<typeof parameters>;

/** A command for a running client. */
export type Command = z.infer<typeof command>;

export function readParameters(json: string): Read<Parameters> {
  const read = readJson(json, parameters);
  const problem = read.type === 'read' ? requestProblem(requestOf(read.value, '')) : undefined;
  return problem === undefined ? read : { type: 'refused', message: problem };
}

export function readCommand(json: string): Read<Command> {
  return readJson(json, command);
}

/** The request of every attempt. */
export function requestOf(
  { streamUrl, method, body, headers, readTimeoutMs }: Parameters,
  lastEventId: string,
): SseRequest {
  return {
    url: streamUrl,
    ...(method ? { method } : {}),
    ...(body ? { body } : {}),
    headers: headers ?? {},
    lastEventId,
    // 0 means no limit, as for sockets of Node.
    idleTimeout: readTimeoutMs || Infinity,
    // The harness expects a failure within 5 s, and the client also waits for the body of an error.
    responseTimeout: 4000,
    bodyTimeout: 500,
    maxEventSize: 2 ** 26,
  };
}

const expected = (
  expectation: string,
): { error: (issue: { readonly input?: unknown }) => string } => ({
  error: ({ input }) => `Expected ${expectation}, got ${inspect(input, { depth: 0 })}`,
});

const text = (name: string): z.ZodString => z.string(expected(`${name} to be a string`));

const url = (name: string): z.ZodURL =>
  z.url({ protocol: /^https?$/, ...expected(`${name} to be an http: URL`) });

const milliseconds = (name: string): z.ZodNumber => {
  const message = expected(`${name} to be milliseconds from 0 on`);
  return z.number(message).nonnegative(message);
};

const parameters = z.object(
  {
    tag: text('tag').nullish(),
    streamUrl: url('streamUrl'),
    callbackUrl: url('callbackUrl'),
    initialDelayMs: milliseconds('initialDelayMs').nullish(),
    readTimeoutMs: milliseconds('readTimeoutMs').nullish(),
    lastEventId: text('lastEventId').nullish(),
    method: text('method').nullish(),
    body: text('body').nullish(),
    headers: z
      .record(z.string(), text('every header'), expected('headers to be an object'))
      .nullish(),
  },
  expected('an object'),
);

const command = z.discriminatedUnion(
  'command',
  [
    z.object({ command: z.literal('restart') }),
    z.object({
      command: z.literal('listen'),
      listen: z.object({ type: text('listen.type') }, expected('listen to be an object { type }')),
    }),
  ],
  expected('a command, restart or listen'),
);

function readJson<Value>(json: string, schema: z.ZodType<Value>): Read<Value> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { type: 'refused', message: `Expected JSON, got ${inspect(json.slice(0, 80))}` };
  }
  const { data, error } = schema.safeParse(value);
  return error === undefined
    ? { type: 'read', value: data }
    : { type: 'refused', message: error.issues.map(({ message }) => message).join('\n') };
}
