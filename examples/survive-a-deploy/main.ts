/**
 * Both programs on the same feed, one after the other, while the server of the feed is deployed
 * again. One ends at the first 503, with exit status 0; the other misses no event.
 *
 * `node --conditions=@reprise/source examples/survive-a-deploy/main.ts`
 */
import { join } from 'node:path';

import { runProgram } from '../support/program.ts';
import { deployedFeed } from './deploy.ts';

for (const name of ['eventsource', 'reprise']) {
  await using feed = await deployedFeed();
  await using program = runProgram(join(import.meta.dirname, `${name}.ts`), feed.url);
  console.log(`${name}:`);
  if (name === 'reprise') {
    // It would run for ever: SIGTERM stops it, as an orchestrator stops a service.
    for (const line of await program.linesUntil(/event 6/)) {
      console.log(`  ${line}`);
    }
    program.signal('SIGTERM');
  }
  const { status, lines } = await program.ended;
  for (const line of lines) {
    console.log(`  ${line}`);
  }
  console.log(`  exit status ${status}`);
}
