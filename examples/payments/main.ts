/**
 * `node --conditions=@reprise/source examples/payments/main.ts CURSOR_FILE [URL]`, until Ctrl+C;
 * the next run goes on where this one ended. Without a URL it starts a ledger that ends its streams
 * every few seconds.
 */
import { Application } from '@reprise/actor';

import { startLedger } from './ledger.ts';
import { childSpec } from './payments.ts';

const [file, givenUrl] = process.argv.slice(2);
if (file === undefined) {
  console.error('Expected a file for the position, got none');
  process.exit(2);
}

const url = givenUrl ?? (await playLedger());
const payments = childSpec({
  url,
  file,
  handle: ({ from, amount }) => {
    console.log(`${from} has paid ${amount}`);
  },
  onStatus: (status) => {
    console.log(status.type === 'resumed' ? `resumed after ${status.cursor}` : status.type);
  },
});
Application.run({ strategy: 'oneForOne', children: [payments] });

async function playLedger(): Promise<string> {
  const ledger = await startLedger();
  let number = 0;
  setInterval(() => {
    number += 1;
    ledger.pay('Ada', `${number}.00`);
  }, 500).unref();
  setInterval(() => {
    ledger.endStreams();
  }, 4000).unref();
  return ledger.url;
}
