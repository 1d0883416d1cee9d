import { expect, test } from '@jest/globals';
import { createTestSystem } from '@reprise/actor/testing';

import { type Listener, McpListener } from '../../src/mcp.ts';
import { listenerOf } from '../support/listened.ts';

const url = 'http://localhost/mcp';

test.each<[what: string, options: object, message: string]>([
  ['a misspelt option', { notification: {} }, 'got `notification`: did you mean `notifications`?'],
  ['a misspelt option of got', { got: { agnet: {} } }, 'did you mean `agent`?'],
  ['no handle', { handle: undefined }, 'Expected handle to be a function, got undefined'],
  ['no reread', { reread: 'all' }, 'Expected reread to be a function, got "all"'],
  ['no client info', { clientInfo: { name: 'a' } }, 'Expected clientInfo to be { name, version }'],
  [
    'no notifications',
    { notifications: {} },
    'Expected notifications to ask for one kind at least',
  ],
  ['none of the kinds', { notifications: { toolsListChanged: false } }, 'one kind at least'],
  ['no URIs', { notifications: { resourceSubscriptions: [] } }, 'one kind at least'],
  ['a URI alone', { notifications: { resourceSubscriptions: 'a:b' } }, 'to be URIs, got "a:b"'],
  ['a kind that is no boolean', { notifications: { toolsListChanged: 'yes' } }, 'true or false'],
  [
    'a misspelt kind',
    { notifications: { toolListChanged: true } },
    'did you mean `toolsListChanged`?',
  ],
  ['an unknown revision', { protocolVersion: '2025-11-26' }, 'did you mean "2025-11-25"?'],
  ['another scheme', { url: 'stdio://a' }, 'Expected an absolute http: or https: URL'],
  ['a time that cannot be', { idleTimeout: 0 }, 'Expected idleTimeout to be above 0, got 0'],
  ['delays that shrink', { factor: 0.5 }, 'Expected factor to be a number from 1 on, got 0.5'],
  ['delays the wrong way round', { minDelay: 2, maxDelay: 1 }, 'Expected minDelay to be at most'],
  ['a header that cannot be', { headers: { a: 5 } }, 'Expected header "a" to be a string'],
])('%s is an error at once', async (_what, options, message) => {
  const listener: Listener = { ...listenerOf({ url }), ...options };
  const system = createTestSystem();
  expect(() => McpListener.childSpec(listener, { id: 'tools' })).toThrow(message);
  await expect(McpListener.start(system, listener)).rejects.toThrow(message);
  await expect(McpListener.startLink(system, listener)).rejects.toThrow(message);
  await system.stop();
});

test('a cursor is no option: ids belong to a session', () => {
  const options = { id: 'tools', cursor: 'file.db' };
  expect(() => McpListener.childSpec(listenerOf({ url }), options)).toThrow(
    'Expected an option of McpListener.childSpec',
  );
});
