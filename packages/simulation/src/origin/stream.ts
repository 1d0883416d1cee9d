import type { Draws } from '../choices/choices.ts';
import type { Connection } from '../network/connection.ts';
import type { OriginRequest, StreamAnswer } from './answer.ts';

/** As much as the buffers of two sockets hold, in bytes. */
const window = 262_144;

/** The events of an origin, as texts of the format. */
export interface EventLog {
  /** The number of the last event. */
  readonly made: number;
  textOf(number: number): string;
}

/** The client's side: where the packets of a stream arrive. */
export interface StreamReader {
  readonly packet: (bytes: Uint8Array) => void;
  readonly ended: () => void;
}

/** A response of an origin that is open: it sends each event once it is made. */
export class OriginStream {
  readonly request: OriginRequest;
  readonly #connection: Connection;
  readonly #reader: StreamReader;
  readonly #log: EventLog;
  readonly #draws: Draws;
  readonly #answer: StreamAnswer;
  /** How texts become packets: event by event, all that is there, or cut anywhere. */
  readonly #framing: number;
  #next: number;
  #left: number;
  #isEnded = false;

  constructor(
    request: OriginRequest,
    connection: Connection,
    reader: StreamReader,
    parts: { readonly log: EventLog; readonly draws: Draws; readonly answer: StreamAnswer },
    first: number,
  ) {
    this.request = request;
    this.#connection = connection;
    this.#reader = reader;
    this.#log = parts.log;
    this.#draws = parts.draws;
    this.#answer = parts.answer;
    this.#next = first;
    this.#left = parts.answer.events ?? Infinity;
    this.#framing = this.#draws.below(3);
  }

  get isOpen(): boolean {
    return !this.#isEnded && this.#connection.isOpen;
  }

  /** How many bytes were written that the client has not taken. */
  get buffered(): number {
    return this.#connection.down.buffered;
  }

  /** Sends the events that are made, up to the window of the connection. */
  pump(): void {
    while (this.isOpen && this.#left > 0 && this.#next <= this.#log.made && this.#hasRoom) {
      this.write(this.#takeText());
    }
    if (this.isOpen && this.#left <= 0) {
      this.#finish();
    }
  }

  /**
   * Sends a text of its own: a comment, a field, half an event. False if the buffers are full, as
   * `write` of a server's response.
   */
  write(text: string): boolean {
    for (const bytes of this.#framing === 2 ? this.#cut(text) : [Buffer.from(text)]) {
      this.#send(bytes);
    }
    return this.#hasRoom;
  }

  /** Ends the response in good order, after all bytes that were written. */
  end(): void {
    if (this.isOpen) {
      this.#isEnded = true;
      this.#connection.answer(`a stream of ${this.#origin} ends`, 0, () => {
        this.#connection.down.close();
        this.#reader.ended();
      });
    }
  }

  /** Resets the connection: packets in flight are lost. */
  reset(): void {
    if (this.isOpen) {
      this.#isEnded = true;
      this.#connection.reset();
    }
  }

  /** From now on nothing arrives, and no side gets an error. */
  vanish(): void {
    if (this.isOpen) {
      this.#isEnded = true;
      this.#connection.vanish();
    }
  }

  get #origin(): string {
    return this.request.url.hostname;
  }

  get #hasRoom(): boolean {
    return this.buffered < window;
  }

  #finish(): void {
    switch (this.#answer.end) {
      case 'reset':
        this.reset();
        return;
      case 'silence':
        this.vanish();
        return;
      default:
        this.end();
    }
  }

  #takeText(): string {
    const count = this.#framing === 0 ? 1 : Math.min(this.#left, batch);
    const last = Math.min(this.#log.made, this.#next + count - 1);
    let text = '';
    for (; this.#next <= last; this.#next += 1) {
      text += this.#log.textOf(this.#next);
      this.#left -= 1;
    }
    return text;
  }

  #cut(text: string): readonly Uint8Array[] {
    const bytes = Buffer.from(text);
    const at = this.#draws.below(bytes.length);
    return at === 0 ? [bytes] : [bytes.subarray(0, at), bytes.subarray(at)];
  }

  #send(bytes: Uint8Array): void {
    const what = `${bytes.length} bytes of ${this.#origin} arrive`;
    this.#connection.answer(what, bytes.length, () => {
      this.#reader.packet(bytes);
    });
  }
}

/** The most events that go into one packet. */
const batch = 20;
