import { type Answer, plain, type Question } from './exchange.ts';
import type { Gate } from './gate.ts';
import { jsonBody } from './json-body.ts';
import { McpEndpoint } from './mcp-endpoint.ts';
import { pageFile } from './page-files.ts';
import { securityHeaders } from './security-headers.ts';

/** Answers what is asked below `/api/`; `undefined` where there is nothing of this name. */
export interface Api {
  /** `path` without `/api/`. */
  get(path: string, question: Question): Answer | undefined;
  /** `address`: where the connection comes from. */
  post(path: string, body: unknown, address: string): Promise<Answer | undefined>;
  /** Its readers are told that it ends. */
  end(reason: string): void;
}

/** The page and its data, behind the gate. It knows no server. */
export class Site {
  readonly #gate: Gate;
  readonly #api: Api;
  readonly #mcp: McpEndpoint;

  constructor(gate: Gate, api: Api) {
    this.#gate = gate;
    this.#api = api;
    this.#mcp = new McpEndpoint((path, question) => api.get(path, question));
  }

  async answer(question: Question): Promise<Answer> {
    const answer = await this.#answer(question);
    // Who asks for the head alone reads no stream, and would never leave.
    const isHead = question.method === 'HEAD' && typeof answer.body === 'function';
    return {
      ...answer,
      ...(isHead ? { body: '' } : {}),
      headers: { ...securityHeaders, ...answer.headers },
    };
  }

  async #answer(question: Question): Promise<Answer> {
    const isMcp = question.path === '/mcp';
    const isData = question.path.startsWith('/api/');
    return (
      (await this.#gate.refusal(question, isData || isMcp)) ??
      (isMcp ? await this.#mcp.answer(question) : undefined) ??
      (isData ? await this.#data(question) : await this.#page(question)) ??
      notFound
    );
  }

  async #page({ method, path }: Question): Promise<Answer | undefined> {
    return isRead(method) ? pageFile(path) : refused('GET, HEAD');
  }

  async #data(question: Question): Promise<Answer | undefined> {
    const path = question.path.slice('/api/'.length);
    if (isRead(question.method)) {
      return this.#api.get(path, question);
    }
    return question.method === 'POST' ? this.#post(path, question) : refused('GET, HEAD, POST');
  }

  async #post(path: string, question: Question): Promise<Answer | undefined> {
    const body = await jsonBody(question);
    if ('refusal' in body) {
      return body.refusal;
    }
    try {
      return await this.#api.post(path, JSON.parse(body.text), question.address);
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof TypeError) {
        return plain(400, error instanceof TypeError ? error.message : 'Expected a body of JSON');
      }
      throw error;
    }
  }
}

const notFound = plain(404, 'Nothing of this name');

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function refused(allow: string): Answer {
  return plain(405, `Expected one of ${allow}`, { allow });
}
