import { crash, formatReason, loggerOf, type Process } from '@reprise/actor';

/** The error of a handler. */
export interface HandlerFailure {
  readonly error: unknown;
}

/**
 * Calls `ended` when a handler is done, with its error if it has failed, and hands on its result or
 * its error. A handler may return anything: one without a promise stays synchronous.
 */
export function whenHandled(
  handle: () => void | Promise<void>,
  ended: (failure?: HandlerFailure) => void,
): void | Promise<void> {
  let result: unknown;
  try {
    result = handle();
  } catch (error) {
    ended({ error });
    throw error;
  }
  if (!isThenable(result)) {
    ended();
    return result as void;
  }
  return Promise.resolve(result).then(
    () => {
      ended();
    },
    (error: unknown) => {
      ended({ error });
      throw error;
    },
  );
}

/**
 * A function of the user that tells of an event, as one that never throws: if it fails, that is
 * reported once, and the event is handled all the same.
 */
export function telling<Event, Told>(
  name: string,
  tell: (event: Event) => Told,
): (self: Process, event: Event) => Told | undefined {
  let isReported = false;
  return (self, event) => {
    const failed = (err: unknown): undefined => {
      if (!isReported) {
        isReported = true;
        const reason = formatReason(crash(err));
        loggerOf(self).warn({ err }, `${String(self.pid)}: ${name} failed: ${reason}`);
      }
    };
    try {
      const told = tell(event);
      if (!isThenable(told)) {
        return told;
      }
      Promise.resolve(told).catch(failed);
    } catch (error) {
      failed(error);
    }
    return undefined;
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
}
