// In jest, as docs/modules.md says.
import { createSystem, spawn } from '@reprise/actor';
import { settle } from '@reprise/actor/testing';
import { ServerSentEvent } from '@reprise/sse';

test('the packages load', async () => {
  const got = [];
  const system = createSystem();
  spawn(system, () => void got.push(ServerSentEvent.parseAll('data: hello\n\n').events[0].data));
  await settle(system);
  expect(got).toEqual(['hello']);
  await system.stop();
});
