import type { Read } from '../mcp/tools.ts';
import { type Answer, plain, type Question } from './exchange.ts';
import { jsonBody } from './json-body.ts';

type Serve = (request: Request) => Promise<Response>;

/** Headers that a client of MCP may send. */
const headerNames = ['accept', 'content-type', 'mcp-protocol-version', 'mcp-method', 'mcp-name'];

/**
 * The endpoint for agents. It reads what the page reads, and does nothing else. The SDK is loaded
 * by the first request: that takes a third of a second.
 */
export class McpEndpoint {
  readonly #get: (path: string, question: Question) => Answer | undefined;

  constructor(get: (path: string, question: Question) => Answer | undefined) {
    this.#get = get;
  }

  async answer(question: Question): Promise<Answer> {
    if (question.method !== 'POST') {
      return plain(405, 'Expected one of POST', { allow: 'POST' });
    }
    const body = await jsonBody(question);
    if ('refusal' in body) {
      return body.refusal;
    }
    const serve = await this.#load(question);
    return serve === undefined
      ? plain(
          501,
          'Expected @modelcontextprotocol/server: npm install @modelcontextprotocol/server',
        )
      : answerOf(await serve(requestOf(question, body.text)));
  }

  async #load(question: Question): Promise<Serve | undefined> {
    try {
      const { createMcp } = await import('../mcp/serve.ts');
      return createMcp((path, query) => this.#read(path, query, question));
    } catch (error) {
      if ((error as { readonly code?: unknown }).code === 'ERR_MODULE_NOT_FOUND') {
        return undefined;
      }
      throw error;
    }
  }

  #read(path: string, query: Parameters<Read>[1], question: Question): unknown {
    const { body } = this.#get(path, { ...question, query: new URLSearchParams(query) }) ?? {};
    return typeof body === 'string' ? JSON.parse(body) : undefined;
  }
}

/** The host is ours: the gate has judged that of the request. */
function requestOf(question: Question, body: string): Request {
  const headers = headerNames.flatMap((name) =>
    question.header(name).map((value): [string, string] => [name, value]),
  );
  return new Request('http://localhost/mcp', { method: 'POST', headers, body });
}

async function answerOf(response: Response): Promise<Answer> {
  const type = response.headers.get('content-type');
  return {
    status: response.status,
    headers: {
      'cache-control': 'no-store',
      ...(type === null ? {} : { 'content-type': type }),
    },
    body: await response.text(),
  };
}
