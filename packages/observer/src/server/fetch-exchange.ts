import type { Sink } from '../live/sink.ts';
import type { Answer, Question } from './exchange.ts';
import type { Location } from './location.ts';

export function questionOf(
  request: Request,
  { path, query }: Extract<Location, { type: 'below' }>,
): Question {
  return {
    method: request.method,
    path,
    query,
    header: (name) => valuesOf(request, name),
    address: '',
    request,
    body: (limit) => bodyOf(request, limit),
  };
}

/** Some servers take the header `Host` out: the URL has the same. */
function valuesOf(request: Request, name: string): readonly string[] {
  const value = request.headers.get(name) ?? (name === 'host' ? new URL(request.url).host : null);
  return value === null ? [] : [value];
}

async function bodyOf({ body }: Request, limit: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk as Uint8Array);
    size += (chunk as Uint8Array).length;
    if (size > limit) {
      return undefined;
    }
  }
  return Buffer.concat(chunks).toString();
}

export function responseOf({ status, headers, body }: Answer): Response {
  // The standard takes no body for 204, not even an empty one.
  const whole = status === 204 ? null : body;
  const content = typeof whole === 'function' ? streamOf(whole) : whole;
  return new Response(content as ConstructorParameters<typeof Response>[0], {
    status,
    headers: { ...headers },
  });
}

function streamOf(write: (sink: Sink) => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let drained = (): void => {};
  let closed = (): void => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        write({
          write(text) {
            controller.enqueue(encoder.encode(text));
            return (controller.desiredSize ?? 0) > 0;
          },
          onDrain(callback) {
            drained = callback;
          },
          onClose(callback) {
            closed = callback;
          },
          end: () => {
            controller.close();
          },
        });
      },
      pull() {
        const callback = drained;
        drained = () => {};
        callback();
      },
      cancel() {
        closed();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 65_536 }),
  );
}
