import { createMcpHandler, Server } from '@modelcontextprotocol/server';

import { version } from '../version.ts';
import { type Arguments, type Read, type Tool, tools } from './tools.ts';

/** Serves the tools to agents, by the protocol of 2026-07-28 and by those of 2025. */
export function createMcp(read: Read): (request: Request) => Promise<Response> {
  const handler = createMcpHandler(() => serverFor(read), {
    keepAliveMs: 0,
    maxSubscriptions: 0,
  });
  return (request) => handler.fetch(request);
}

function serverFor(read: Read): Server {
  const server = new Server({ name: 'reprise-observer', version }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({ tools: tools.map(listed) }));
  server.setRequestHandler('tools/call', ({ params }) =>
    called(read, params.name, params.arguments ?? {}),
  );
  return server;
}

function listed({ name, description, properties }: Tool) {
  return {
    name,
    description,
    inputSchema: {
      type: 'object' as const,
      properties: { ...properties },
      required: requiredOf(name),
    },
    annotations: { readOnlyHint: true, openWorldHint: false },
  };
}

function requiredOf(name: string): string[] {
  return ['process', 'changes'].includes(name) ? [name === 'process' ? 'pid' : 'time'] : [];
}

function called(read: Read, name: string, given: Arguments) {
  const tool = tools.find((one) => one.name === name);
  try {
    if (tool === undefined) {
      const names = tools.map((one) => one.name).join(', ');
      throw new TypeError(`Expected one of ${names}, got ${JSON.stringify(name.slice(0, 100))}`);
    }
    return text(JSON.stringify(tool.answer(read, given)));
  } catch (error) {
    if (error instanceof TypeError) {
      return { ...text(error.message), isError: true };
    }
    throw error;
  }
}

/** What others wrote stands in values of JSON alone. */
function text(content: string) {
  return { content: [{ type: 'text' as const, text: content }] };
}
