// The client that the conformance suite of MCP runs, with a URL. It ends once it listens, or has
// given up.
import { createSystem } from '@reprise/actor';

import { McpListener } from '../../src/mcp.ts';

const [url = ''] = process.argv.slice(2);
const system = createSystem();
await McpListener.start(system, {
  url,
  clientInfo: { name: 'reprise', version: '1.0.0' },
  notifications: { toolsListChanged: true },
  handle: () => undefined,
  reread: () => undefined,
  onStatus: ({ type }) => {
    console.log(type);
    if (type !== 'disconnected') {
      void system.stop();
    }
  },
});
