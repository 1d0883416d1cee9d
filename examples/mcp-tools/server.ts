/**
 * `node --conditions=@reprise/source examples/mcp-tools/server.ts PORT TOOL…`: a server of the MCP
 * SDK with tools that do nothing. SIGHUP adds one.
 */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';

const [port = '0', ...tools] = process.argv.slice(2);

const handler = createMcpHandler(() => {
  const capabilities = { tools: { listChanged: true } };
  const server = new McpServer({ name: 'tools', version: '1.0.0' }, { capabilities });
  for (const tool of tools) {
    server.registerTool(tool, {}, () => ({ content: [] }));
  }
  return server;
});

process.on('SIGHUP', () => {
  tools.push(`tool-${tools.length + 1}`);
  handler.notify.toolsChanged();
});

const server = createServer(toNodeHandler(handler) as RequestListener);
server.listen(Number(port), '127.0.0.1', () => {
  console.log((server.address() as AddressInfo).port);
});
