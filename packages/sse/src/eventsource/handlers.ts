/** The program that sets a handler knows the class of its events. */
type Callback = (event: never) => unknown;

/**
 * The event handler attributes of a target, such as `onmessage` (WHATWG HTML 8.1.8.1). A handler
 * takes its place among the listeners when it is first set; a handler that replaces it keeps the
 * place. Setting `null` removes the listener.
 */
export class HandlerAttributes {
  readonly #target: EventTarget;
  readonly #handlers: Map<string, Handler> = new Map();

  constructor(target: EventTarget) {
    this.#target = target;
  }

  get(type: string): unknown {
    return this.#handlers.get(type)?.callback ?? null;
  }

  /** Any value that is not a function counts as `null`. */
  set(type: string, value: unknown): void {
    const handler = this.#handlers.get(type);
    if (!isCallback(value)) {
      this.#remove(type, handler);
    } else if (handler === undefined) {
      this.#add(type, new Handler(value));
    } else {
      handler.callback = value;
    }
  }

  #add(type: string, handler: Handler): void {
    this.#handlers.set(type, handler);
    this.#target.addEventListener(type, handler);
  }

  #remove(type: string, handler: Handler | undefined): void {
    if (handler !== undefined) {
      this.#handlers.delete(type);
      this.#target.removeEventListener(type, handler);
    }
  }
}

function isCallback(value: unknown): value is Callback {
  return typeof value === 'function';
}

class Handler {
  callback: Callback;

  constructor(callback: Callback) {
    this.callback = callback;
  }

  /** The result is for the target: Node reports the rejection of a promise, of any listener. */
  handleEvent(event: Event): unknown {
    const result = this.callback.call(event.currentTarget, event as never);
    if (result === false) {
      event.preventDefault();
    }
    return result;
  }
}
