import { describe, expect, test } from '@jest/globals';

import { pathOf, Rows } from '../../src/history/rows.ts';
import { Texts } from '../../src/history/texts.ts';

describe('rows', () => {
  test('a child that is gone leaves its row to the next one of its id', () => {
    const rows = new Rows((id) => id);
    const app = rows.take(undefined, 'app');
    const [one, two] = [rows.take(app, 'job'), rows.take(app, 'job')];
    expect(one).not.toBe(two);
    // A life of it is kept.
    rows.use(one);
    rows.vacate(one);
    expect(rows.take(app, 'job')).toBe(one);
    expect(rows.take(app, 'job')).not.toBe(two);
    expect(pathOf(two)).toBe('app / job');
  });

  test('are forgotten once no life has them, and those above with them', () => {
    const rows = new Rows((id) => id);
    const app = rows.take(undefined, 'app');
    for (let id = 0; id < 100; id++) {
      rows.vacate(rows.take(app, `session ${id}`));
    }
    expect(rows.size).toBe(1);
    const last = rows.take(app, 'last');
    rows.vacate(app);
    expect([rows.size, rows.get(app.number)]).toStrictEqual([2, app]);
    rows.vacate(last);
    expect(rows.size).toBe(0);
  });
});

describe('texts', () => {
  test('are kept once, as long as they are used, and have room for 2,048', () => {
    const texts = new Texts();
    const numbers = Array.from({ length: 3000 }, (_, index) => texts.add(`reason ${index}`));
    expect(texts.add('reason 7')).toBe(numbers[7]);
    expect(texts.get(numbers[7] ?? 0)).toBe('reason 7');
    expect(texts.get(numbers[2999] ?? 0)).toBe('another reason');
    for (const number of numbers) {
      texts.release(number);
    }
    const number = texts.add('x'.repeat(500));
    expect(texts.get(number)).toBe('x'.repeat(200));
    expect(texts.get(texts.add('reason 7'))).toBe('reason 7');
  });
});
