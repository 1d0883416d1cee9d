/** The tools of an MCP server as they are now: read at the start, and again at each change. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { ChildSpec, Pid } from '@reprise/sse';
import { McpListener } from '@reprise/sse/mcp';

const clientInfo = { name: 'tools', version: '1.0.0' };

/**
 * A process that calls `show` with the names of the tools after each change. No change is missed
 * for good: after a gap in the notifications the tools are read again as well.
 */
export function childSpec(
  url: string,
  show: (tools: readonly string[], why: string) => void,
): ChildSpec<'tools', Pid> {
  return McpListener.childSpec(
    {
      url,
      clientInfo,
      notifications: { toolsListChanged: true },
      handle: async (_notification, { signal }) => {
        show(await readTools(url, signal), 'changed');
      },
      reread: async (reason, { signal }) => {
        show(await readTools(url, signal), reason);
      },
    },
    { id: 'tools' },
  );
}

/** If it fails, so does the listener; its supervisor starts it again, and it reads again. */
async function readTools(url: string, signal: AbortSignal): Promise<readonly string[]> {
  const client = new Client(clientInfo, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)), { signal });
  try {
    const { tools } = await client.listTools({}, { signal });
    return tools.map(({ name }) => name);
  } finally {
    await client.close();
  }
}
