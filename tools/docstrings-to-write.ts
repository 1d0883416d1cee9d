/** What docstrings still lack. It only gets shorter: an entry that is written has to go. */
export const toWrite: readonly string[] = [
  '@example for @reprise/sse handlePacket',
  '@example for @reprise/sse/testing transientFaults',
];
