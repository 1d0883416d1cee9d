import { once } from 'node:events';
import { createServer } from 'node:net';

import { expect, test } from '@jest/globals';

import ClosingEnvironment from './test-environment.ts';

test('a failed test that left a server open is not hidden by another error', async () => {
  const environment = new ClosingEnvironment(
    { projectConfig: { globals: {}, testEnvironmentOptions: {} } } as never,
    { console, docblockPragmas: {}, testPath: import.meta.filename },
  );
  await environment.setup();
  const server = createServer().listen(0);
  try {
    await once(server, 'listening');
    environment.handleTestEvent({ name: 'test_fn_failure' });
    await expect(environment.teardown()).resolves.toBeUndefined();
  } finally {
    server.close();
  }
});
