/**
 * `node --conditions=@reprise/source examples/mcp-tools/main.ts URL`: prints the names of the tools
 * of an MCP server, and again whenever they change.
 */
import { Application } from '@reprise/sse';

import { childSpec } from './tools.ts';

const [url] = process.argv.slice(2);
if (url === undefined) {
  console.error('Expected the URL of an MCP server, got none');
  process.exit(2);
}

Application.run({
  strategy: 'oneForOne',
  children: [
    childSpec(url, (tools, why) => {
      console.log(`${why}: ${tools.join(', ')}`);
    }),
  ],
});
