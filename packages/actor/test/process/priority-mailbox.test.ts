import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { BoundedMailbox, Mailbox } from '../../src/process/mailbox.ts';
import { PriorityMailbox } from '../../src/process/priority-mailbox.ts';

interface Message {
  readonly number: number;
  readonly isUrgent: boolean;
}

const operation = fc.oneof(
  fc.record({ type: fc.constant('push' as const), isUrgent: fc.boolean() }),
  fc.record({ type: fc.constant('pushSystem' as const) }),
  fc.record({ type: fc.constant('shift' as const) }),
  fc.record({ type: fc.constant('removeAt' as const), at: fc.nat() }),
  fc.record({ type: fc.constant('removeWhere' as const), modulus: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ type: fc.constant('clear' as const) }),
);
type Operation = typeof operation extends fc.Arbitrary<infer Each> ? Each : never;

const contents = (mailbox: PriorityMailbox): unknown[] =>
  Array.from({ length: mailbox.length }, (_, index) => mailbox.at(index));

const pushUrgent = (mailbox: PriorityMailbox, message: unknown): boolean =>
  mailbox.withPriority(() => {
    mailbox.push(message);
    return true;
  });

/** The mailbox, and a list of its messages: the urgent ones first, both kinds in the order sent. */
class Both {
  readonly mailbox: PriorityMailbox;
  model: readonly Message[] = [];

  constructor(ordinary: Mailbox) {
    this.mailbox = new PriorityMailbox(ordinary);
  }

  /** Returns the message that was taken, and the one that had to be. */
  run(each: Operation, number: number): readonly [unknown, unknown] {
    switch (each.type) {
      case 'push':
      case 'pushSystem':
        this.#push(each.type, { number, isUrgent: each.type === 'push' && each.isUrgent });
        return [undefined, undefined];
      case 'shift':
        return this.#take(0, () => this.mailbox.shift());
      case 'removeAt': {
        const at = this.model.length === 0 ? 0 : each.at % this.model.length;
        return this.#take(at, () => this.mailbox.removeAt(at));
      }
      case 'removeWhere': {
        const matches = (message: unknown): boolean =>
          (message as Message).number % each.modulus === 0;
        this.mailbox.removeWhere(matches);
        this.model = this.model.filter((message) => !matches(message));
        return [undefined, undefined];
      }
      case 'clear':
        this.mailbox.clear();
        this.model = [];
        return [undefined, undefined];
      default:
        return each satisfies never;
    }
  }

  #push(type: 'push' | 'pushSystem', message: Message): void {
    if (message.isUrgent) {
      pushUrgent(this.mailbox, message);
    } else {
      this.mailbox[type](message);
    }
    const all = [...this.model, message];
    this.model = [
      ...all.filter(({ isUrgent }) => isUrgent),
      ...all.filter(({ isUrgent }) => !isUrgent),
    ];
  }

  #take(at: number, take: () => unknown): readonly [unknown, unknown] {
    if (this.model.length === 0) {
      return [undefined, undefined];
    }
    const expected = this.model[at];
    this.model = this.model.toSpliced(at, 1);
    return [take(), expected];
  }
}

test.each([
  ['unbounded', () => new Mailbox(), Infinity],
  ['bounded', () => new BoundedMailbox({ capacity: 3, overflow: 'dropOldest' }), 3],
])(
  'XT37 %s, a mailbox with priorities has the urgent messages first, each kind in order',
  (_, create, capacity) => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40, size: 'max' }), (operations) => {
        const both = new Both(create());
        const ofSystem = new Set<number>();
        for (const [number, each] of operations.entries()) {
          const [taken, expected] = both.run(each, number);
          expect(taken).toBe(expected);
          expect(contents(both.mailbox)).toStrictEqual(both.model);
          if (each.type === 'pushSystem') {
            ofSystem.add(number);
          }
          const counting = both.model.filter((message) => !ofSystem.has(message.number));
          expect(both.mailbox.isFull()).toBe(counting.length >= capacity);
        }
      }),
    );
  },
);

test('XT40 the oldest message that is dropped is an ordinary one, as long as there is one', () => {
  const ordinary = new BoundedMailbox({ capacity: 2, overflow: 'dropOldest' });
  const mailbox = new PriorityMailbox(ordinary);
  const ofSystem = {};
  mailbox.pushSystem(ofSystem);
  mailbox.push('a');
  pushUrgent(mailbox, 'u1');
  const dropped: unknown[] = [];
  for (const message of ['u2', 'u3']) {
    mailbox.withPriority(() => {
      dropped.push(mailbox.pushFull(message));
      return true;
    });
  }
  expect([dropped, ordinary.dropped]).toStrictEqual([['a', 'u1'], 2]);
  expect(contents(mailbox)).toStrictEqual(['u2', 'u3', ofSystem]);
});
