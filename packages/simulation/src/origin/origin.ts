import { assertKnownKeys, assertOneOf, type KeysOf } from '@reprise/actor/options';

import { assertFunction, assertThat, assertWhole } from '../arguments/assert.ts';
import type { Draws } from '../choices/choices.ts';
import type { Engine } from '../engine/engine.ts';
import type { Owner } from '../engine/happening.ts';
import type { Connection } from '../network/connection.ts';
import { answerTypes, type OriginAnswer, type OriginRequest, type StreamAnswer } from './answer.ts';
import type { OriginExchange } from './exchange.ts';
import { type EventLog, OriginStream } from './stream.ts';

export interface OriginOptions {
  /**
   * The answer to a request; `undefined` leaves it to the origin: the stream, or with the fault
   * `origin` sometimes an error, a stream that ends, repeats, forgets, or an odd `retry`.
   */
  readonly answer?: (request: OriginRequest) => OriginAnswer | undefined;
  /** How many of its last events it can send again. Default: all. */
  readonly history?: number;
}

const originKeys: KeysOf<OriginOptions> = { answer: true, history: true };

/** @throws TypeError for the first wrong option */
export function assertOriginOptions(options: OriginOptions): void {
  assertKnownKeys('origin', options, originKeys);
  if (options.answer !== undefined) {
    assertFunction('`answer`', options.answer);
  }
  assertWhole('history', options.history === Infinity ? undefined : options.history, 0);
}

/** A server of an event stream outside of all nodes: numbered events, and answers to requests. */
export class Origin implements EventLog {
  readonly name: string;
  /** All requests so far, oldest first. */
  readonly requests: OriginRequest[] = [];
  readonly owner: Owner;
  readonly #engine: Engine;
  readonly #draws: Draws;
  readonly #options: OriginOptions;
  readonly #data: string[] = [];
  #streams: OriginStream[] = [];

  constructor(engine: Engine, name: string, options: OriginOptions) {
    this.name = name;
    this.owner = { name, isAlive: true, pausedUntil: 0 };
    this.#engine = engine;
    this.#draws = engine.choices.stream(`origin ${name}`);
    this.#options = options;
  }

  /** The URL of its stream, `http://NAME/`; every path of it is the same stream. */
  get url(): string {
    return `http://${this.name}/`;
  }

  /** The number of the last event; 0 if there is none. */
  get made(): number {
    return this.#data.length;
  }

  /** The ids of all events, oldest first: the numbers from 1 on, as texts. */
  get produced(): readonly string[] {
    return this.#data.map((_data, index) => String(index + 1));
  }

  /** The responses that are open, as their clients see it, oldest first. */
  get streams(): readonly OriginStream[] {
    this.#streams = this.#streams.filter(({ isOpen }) => isOpen);
    return this.#streams;
  }

  /**
   * Makes events, and sends them: as many as a number says, with their ids as data, or one for each
   * text of a list. Default: 1.
   * @throws TypeError unless it is a whole number from 0 on, or a list of texts
   */
  produce(given: number | readonly string[] = 1): void {
    assertProduced(given);
    const data =
      typeof given === 'number'
        ? Array.from({ length: given }, (_none, index) => String(this.made + index + 1))
        : given;
    this.#data.push(...data);
    this.drained();
  }

  /** A client has taken something: there may be room for more. */
  drained(): void {
    for (const stream of this.streams) {
      stream.pump();
    }
  }

  textOf(number: number): string {
    const lines = (this.#data[number - 1] ?? '').split('\n').map((line) => `data: ${line}\n`);
    return `id: ${number}\n${lines.join('')}\n`;
  }

  /** A request has arrived. */
  take(
    request: Omit<OriginRequest, 'n' | 'at'>,
    connection: Connection,
    client: OriginExchange,
  ): void {
    const taken = { ...request, n: this.requests.length + 1, at: this.#engine.now / 1000 };
    this.requests.push(taken);
    const answer = this.#options.answer?.(taken) ?? this.#draw();
    assertOneOf('Expected the type of an answer,', answer.type, answerTypes);
    switch (answer.type) {
      case 'stream':
        this.#stream(taken, connection, client, answer);
        return;
      case 'status': {
        const { status, headers = {}, body = '' } = answer;
        this.#answer(connection, client, { status, headers, body });
        return;
      }
      case 'redirect': {
        const { status = 307, to } = answer;
        this.#answer(connection, client, { status, headers: { location: to }, body: '' });
        return;
      }
      case 'refuse':
        connection.reset('ECONNREFUSED');
        return;
      case 'silence':
        return;
      default:
        answer satisfies never;
    }
  }

  #answer(
    connection: Connection,
    client: OriginExchange,
    answer: {
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    },
  ): void {
    const { status, headers, body } = answer;
    connection.answer(`${status} of ${this.name} arrives`, 0, () => {
      client.answered(status, '', headers);
    });
    const bytes = Buffer.from(body);
    connection.answer(`a body of ${this.name} arrives`, bytes.length, () => {
      client.packet(bytes);
      client.ended();
    });
  }

  #stream(
    request: OriginRequest,
    connection: Connection,
    client: OriginExchange,
    answer: StreamAnswer,
  ): void {
    const { repeats = 0, retry } = answer;
    connection.answer(`200 of ${this.name} arrives`, 0, () => {
      client.answered(200, 'OK', { 'content-type': 'text/event-stream' });
    });
    const parts = { log: this, draws: this.#draws, answer };
    const first = Math.max(this.#oldest, this.#placeAfter(request) - repeats);
    const stream = new OriginStream(request, connection, client, parts, first);
    this.#streams.push(stream);
    if (retry !== undefined) {
      stream.write(`retry: ${retry}\n\n`);
    }
    stream.pump();
  }

  /** The number of the first event after its Last-Event-ID; an id of another origin is none. */
  #placeAfter({ lastEventId }: OriginRequest): number {
    const number = /^[1-9]\d*$/.test(lastEventId) ? Number(lastEventId) : 0;
    return number <= this.made ? number + 1 : 1;
  }

  get #oldest(): number {
    const { history = Infinity } = this.#options;
    return Math.max(1, this.made - history + 1);
  }

  #draw(): OriginAnswer {
    return this.#draws.chance(this.#engine.rates.origin * perRequest)
      ? this.#drawFault()
      : { type: 'stream' };
  }

  #drawFault(): OriginAnswer {
    switch (this.#draws.below(8)) {
      case 0:
        return { type: 'status', status: 503 };
      case 1: {
        const headers = { 'retry-after': String(this.#draws.below(120)) };
        return { type: 'status', status: 429, headers };
      }
      case 2:
        return { type: 'refuse' };
      case 3:
        return { type: 'silence' };
      case 4:
        return { type: 'redirect', to: `/${this.#draws.below(1000)}` };
      case 5:
        return { type: 'stream', repeats: Infinity, ...this.#drawEnd() };
      case 6:
        return { type: 'stream', repeats: this.#draws.below(10), ...this.#drawEnd() };
      default:
        return { type: 'stream', retry: this.#draws.below(10) ** 6, ...this.#drawEnd() };
    }
  }

  #drawEnd(): Pick<StreamAnswer, 'events' | 'end'> {
    const end = (['close', 'reset', 'silence'] as const)[this.#draws.below(3)] ?? 'close';
    return { events: this.#draws.below(12), end };
  }
}

/** Faults come more often at a request than at a packet: there are far fewer requests. */
const perRequest = 10;

function assertProduced(given: unknown): void {
  const isRight = Array.isArray(given)
    ? given.every((data) => typeof data === 'string')
    : Number.isSafeInteger(given) && Number(given) >= 0;
  assertThat(isRight, 'Expected a number of events, or a list of their data', given);
}
