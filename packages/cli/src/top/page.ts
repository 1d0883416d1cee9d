import type { ProcessPage } from '@reprise/observer/wire';

import type { Paint } from '../output/status-line.ts';
import { harmless } from '../output/text.ts';
import { grouped } from './numbers.ts';

/** One process, in lines. */
export function pageLines(page: ProcessPage, paint: Paint): readonly string[] {
  const { path, status, queue, handled, awaitedCallback } = page;
  const callback = awaitedCallback === undefined ? '' : ` in ${harmless(awaitedCallback)}`;
  const facts: readonly (readonly [name: string, value: string])[] = [
    ['status', `${status}${callback}`],
    ['messages', `${grouped(queue)} wait, ${grouped(handled)} handled`],
    ['in hand', page.inHand === undefined ? '' : json(page.inHand.message)],
    ['state', page.isStateHidden ? 'hidden by the observer' : json(page.state)],
    ['linked to', names(page.links)],
    ['monitors', names(page.monitors)],
    ['monitored by', names(page.monitoredBy)],
    ...page.lives.toReversed().map(({ pid, reason }) => ['ended', `#${pid} ${reason}`] as const),
  ];
  return [
    paint('bold', harmless(path)),
    '',
    ...facts
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${paint('dim', name.padEnd(14))}${harmless(value)}`),
  ];
}

function names(others: ProcessPage['links']): string {
  return others.map(({ path }) => path).join(', ');
}

function json(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value);
}
