import { fieldOf, isError, textIn, textOfError } from './reading.ts';
import type { Redaction } from './redaction.ts';
import { Snapshot } from './snapshot.ts';

/** In characters. */
const longestName = 100;
const longestMessage = 1000;
const longestStack = 8000;
/** The longest chain of causes, and the most errors of an `AggregateError`, that are shown. */
const mostErrors = 5;

/**
 * An error as a report shows it: itself if all of it may be shown, or else a copy of the same
 * class, whose texts are short and hold no secret. Its causes are shown in the same way.
 */
export function shownError(error: Error, redaction: Redaction): Error {
  return new ErrorCopy(error, redaction, 0).shown;
}

/** An error, and the fields that its copy has. */
class ErrorCopy {
  readonly #error: Error;
  readonly #redaction: Redaction;
  /** Its place in the chain of causes, from 0. */
  readonly #depth: number;
  #isWhole = true;

  constructor(error: Error, redaction: Redaction, depth: number) {
    this.#error = error;
    this.#redaction = redaction;
    this.#depth = depth;
  }

  get shown(): Error {
    const texts = this.#texts();
    const inner = { ...this.#cause(), ...this.#errors() };
    const fields = new Snapshot(this.#redaction);
    const own = fields.fieldsOf(this.#error, written);
    return this.#isWhole && !fields.isPartial
      ? this.#error
      : copyOf(this.#error, { ...texts, ...inner }, own);
  }

  #texts(): Readonly<Record<string, string>> {
    const [name, message] = [textIn(this.#error, 'name'), textIn(this.#error, 'message')];
    const stack = textIn(this.#error, 'stack');
    const shown = {
      name: this.#text(name, longestName),
      message: this.#text(message, longestMessage),
      stack: this.#stack(stack, name, message),
    };
    this.#isWhole &&= shown.name === name && shown.message === message && shown.stack === stack;
    return shown;
  }

  /** The frames come after the message, however long that is. */
  #stack(stack: string, name: string, message: string): string {
    const title = textOfError(this.#error, longestMessage);
    const length = name.length + message.length + 2;
    return stack.startsWith(title) && length < stack.length && message !== ''
      ? this.#text(stack.slice(0, length), longestMessage) +
          this.#text(stack.slice(length), longestStack)
      : this.#text(stack, longestStack);
  }

  #text(text: string, limit: number): string {
    return this.#redaction.clip(text, limit);
  }

  #cause(): { readonly cause?: unknown } {
    const cause = fieldOf(this.#error, 'cause');
    return cause === undefined ? {} : { cause: this.#inner(cause) };
  }

  /** Those of an `AggregateError`. */
  #errors(): { readonly errors?: readonly unknown[] } {
    const errors = fieldOf(this.#error, 'errors');
    if (!Array.isArray(errors)) {
      return {};
    }
    this.#isWhole &&= errors.length <= mostErrors;
    return { errors: errors.slice(0, mostErrors).map((error: unknown) => this.#inner(error)) };
  }

  #inner(value: unknown): unknown {
    const shown =
      isError(value) && this.#depth < mostErrors
        ? new ErrorCopy(value, this.#redaction, this.#depth + 1).shown
        : this.#value(value);
    this.#isWhole &&= shown === value;
    return shown;
  }

  #value(value: unknown): unknown {
    const copy = new Snapshot(this.#redaction);
    const shown = copy.of(value);
    return copy.isPartial ? shown : value;
  }
}

/** Fields that are written apart from the others. */
const written = new Set(['name', 'message', 'stack', 'cause', 'errors']);

function copyOf(error: Error, texts: object, own: object): Error {
  const copy = Object.create(Object.getPrototypeOf(error) as object) as Error;
  Object.assign(copy, own);
  for (const [field, value] of Object.entries(texts)) {
    Object.defineProperty(copy, field, { value, configurable: true, writable: true });
  }
  return copy;
}
