import type { Vitals } from '@reprise/observer/wire';

/** Fewer messages come and go, and say nothing. */
const fewest = 100;

/** The process that nearly all waiting messages are in the mailbox of, if there is one. */
export function nearlyAllIn({
  messages,
  longest,
}: Pick<Vitals, 'messages' | 'longest'>): string | undefined {
  return longest !== undefined && messages >= fewest && longest.messages >= messages * 0.9
    ? longest.path
    : undefined;
}
