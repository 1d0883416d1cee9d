import { describe, expect, test } from '@jest/globals';

import { bounded } from '../../src/mcp/bounded.ts';

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const many = (count: number, text: string) =>
  Array.from({ length: count }, (_, at) => ({ at, text }));

/** Characters that take six bytes each in JSON. */
const wide = '\u0001'.repeat(100);

describe('MCP-03 an answer has at most 24 KB', () => {
  test('where a list within an object is long: each list keeps its first items', () => {
    const health = {
      isWell: false,
      findings: many(1000, 'not connected'),
      look: { processes: 3, streams: many(1000, 'x'.repeat(300)), ignored: many(1, 'once') },
    };
    const told = bounded(health, 'health', 'hint') as typeof health & { leftOut: number };
    const { findings, look } = told;
    expect(sizeOf(told)).toBeLessThanOrEqual(24_000);
    expect(told).toMatchObject({ isWell: false, toSeeLess: 'hint', of: 'health' });
    expect(look).toMatchObject({ processes: 3, ignored: health.look.ignored });
    expect(findings).toStrictEqual(health.findings.slice(0, findings.length));
    expect(look.streams).toStrictEqual(health.look.streams.slice(0, look.streams.length));
    expect(findings.length).toBeGreaterThan(100);
    expect(look.streams.length).toBeGreaterThan(20);
    expect(findings.length + look.streams.length + told.leftOut).toBe(2000);
  });

  test('where one item is too long: its texts are cut, its newest entries are kept', () => {
    const streams = [{ path: 'p'.repeat(1_000_000), phases: many(3000, 'refused') }];
    const told = bounded({ streams }, 'streams', 'hint') as { streams: typeof streams };
    expect(sizeOf(told)).toBeLessThanOrEqual(24_000);
    const [{ path, phases } = { path: '', phases: [] }] = told.streams;
    expect(path).toMatch(/^p{100,}… \(1000000 characters\)$/);
    expect(phases.at(-1)).toStrictEqual({ at: 2999, text: 'refused' });
    expect(phases[0]).toMatch(/^… \d+ older$/);
  });

  test('where one field is too long: its size is told', () => {
    const fields = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`${at}`, wide]));
    const told = bounded({ pid: 7, state: fields, inHand: fields }, 'process', 'hint');
    expect(sizeOf(told)).toBeLessThanOrEqual(24_000);
    expect(told).toMatchObject({ pid: 7, state: expect.stringMatching(/^… \(\d+ bytes\)$/) });
  });

  test('else it is as it was', () => {
    const data = { list: many(100, 'short') };
    expect(bounded(data, 'x', 'hint')).toBe(data);
  });
});
