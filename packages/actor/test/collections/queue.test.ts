import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { Queue } from '../../src/collections/queue.ts';
import { BoundedMailbox, Mailbox } from '../../src/process/mailbox.ts';
import { collectGarbage } from '../support/garbage.ts';

describe('the ring', () => {
  const contents = (mailbox: Mailbox): unknown[] =>
    Array.from({ length: mailbox.length }, (_, index) => mailbox.at(index));

  const count = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 70 }));
  const operation = fc.oneof(
    fc.record({ type: fc.constant('push' as const), count }),
    fc.record({ type: fc.constant('pushSystem' as const) }),
    fc.record({ type: fc.constant('shift' as const), count }),
    fc.record({ type: fc.constant('removeAt' as const), at: fc.nat() }),
    fc.record({
      type: fc.constant('removeWhere' as const),
      modulus: fc.integer({ min: 1, max: 5 }),
    }),
    fc.record({ type: fc.constant('clear' as const) }),
  );
  type Operation = typeof operation extends fc.Arbitrary<infer Each> ? Each : never;

  interface Message {
    readonly number: number;
    readonly isOfTheSystem: boolean;
  }

  /** A mailbox, and an array as the model of it. */
  class Both {
    readonly mailbox: Mailbox;
    model: Message[] = [];
    #last = 0;

    constructor(mailbox: Mailbox) {
      this.mailbox = mailbox;
    }

    run(each: Operation): void {
      switch (each.type) {
        case 'push':
          for (let count = 0; count < each.count; count++) {
            this.mailbox.push(this.#message(false));
          }
          break;
        case 'pushSystem':
          this.mailbox.pushSystem(this.#message(true));
          break;
        case 'shift':
          for (let count = 0; count < each.count && this.model.length > 0; count++) {
            expect(this.mailbox.shift()).toBe(this.model.shift());
          }
          break;
        case 'removeAt':
          this.#removeAt(each.at);
          break;
        case 'removeWhere':
          this.#removeWhere(({ number }) => number % each.modulus === 0);
          break;
        case 'clear':
          this.mailbox.clear();
          this.model = [];
          break;
        default:
          each satisfies never;
      }
    }

    #message(isOfTheSystem: boolean): Message {
      const message = { number: ++this.#last, isOfTheSystem };
      this.model.push(message);
      return message;
    }

    #removeAt(any: number): void {
      if (this.model.length > 0) {
        const at = any % this.model.length;
        expect(this.mailbox.removeAt(at)).toBe(this.model.splice(at, 1)[0]);
      }
    }

    #removeWhere(matches: (message: Message) => boolean): void {
      this.mailbox.removeWhere((message) => matches(message as Message));
      this.model = this.model.filter((message) => !matches(message));
    }
  }

  const capacity = 3;

  test.each([
    ['unbounded', () => new Mailbox(), Infinity],
    ['bounded', () => new BoundedMailbox({ capacity, overflow: 'reject' }), capacity],
  ])('%s, it holds and gives out the items that an array would', (_, create, limit) => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40, size: 'max' }), (operations) => {
        const both = new Both(create());
        for (const each of operations) {
          both.run(each);
          expect(contents(both.mailbox)).toStrictEqual(both.model);
          const counting = both.model.filter(({ isOfTheSystem }) => !isOfTheSystem).length;
          expect(both.mailbox.isFull()).toBe(counting >= limit);
        }
      }),
    );
  });

  test('undefined is an item like any other', () => {
    const queue = new Queue<unknown>();
    queue.push(undefined);
    queue.push('a');
    expect(queue.length).toBe(2);
    expect([queue.shift(), queue.shift()]).toStrictEqual([undefined, 'a']);
    expect(queue.length).toBe(0);
  });

  test('an item that was taken can be garbage collected', async () => {
    const queue = new Queue<unknown>();
    const taken = [0, 1, 2].map((index) => {
      queue.push({ index });
      return new WeakRef(queue.at(index) as object);
    });
    queue.removeAt(1);
    queue.shift();
    queue.shift();
    await collectGarbage();
    expect(taken.map((each) => each.deref())).toStrictEqual([undefined, undefined, undefined]);
    expect(queue.length).toBe(0);
  });
});
