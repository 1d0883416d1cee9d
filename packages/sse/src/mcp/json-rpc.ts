/** A message of JSON-RPC: a request, a notification or a response, by the fields that it has. */
export interface RpcMessage {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

export interface RpcError {
  readonly code: number;
  readonly message?: unknown;
  readonly data?: unknown;
}

/**
 * The messages of a text: one, or a batch of them, which revision 2025-03-26 allows. `undefined` if
 * it is not JSON, or has anything but objects.
 */
export function messagesIn(text: string): readonly RpcMessage[] | undefined {
  try {
    const messages: readonly unknown[] = [JSON.parse(text) as unknown].flat();
    return messages.every(isObject) ? messages : undefined;
  } catch {
    return undefined;
  }
}

/** The field of a value that may have it, such as the params of a message. */
export function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** The error of a response; `undefined` if it has none. */
export function errorOf({ error }: RpcMessage): RpcError | undefined {
  return typeof fieldOf(error, 'code') === 'number' ? (error as RpcError) : undefined;
}

/** Whether it answers this request; an error has no id where the server could not read that. */
export function isResponseTo(id: number | undefined, message: RpcMessage): boolean {
  const isResponse = 'result' in message || errorOf(message) !== undefined;
  return (
    message.method === undefined &&
    isResponse &&
    (message.id === id || (message.id ?? null) === null)
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
