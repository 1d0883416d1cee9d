import type { IncomingMessage, ServerResponse } from 'node:http';

import { type Answer, plain, type Question } from './exchange.ts';
import { questionOf as fetchQuestion, responseOf } from './fetch-exchange.ts';
import { type Location, locate } from './location.ts';
import { questionOf as nodeQuestion, send } from './node-exchange.ts';
import { securityHeaders } from './security-headers.ts';
import type { Site } from './site.ts';

/** What Express adds to a request: its target as it came, and the path of the handler in it. */
interface Mounted {
  readonly originalUrl?: string;
  readonly baseUrl?: string;
}

type Below = Extract<Location, { type: 'below' }>;

/** A site below a path of a server. */
export class Mount {
  readonly #site: Site;
  readonly #path: string;
  readonly #failed: (error: unknown) => void;

  /** `failed` is told of faults of the observer itself. The asker only gets a 500. */
  constructor(site: Site, path: string, failed: (error: unknown) => void) {
    this.#site = site;
    this.#path = path.replace(/\/$/, '');
    this.#failed = failed;
  }

  async handle(request: IncomingMessage & Mounted, response: ServerResponse): Promise<void> {
    const { originalUrl = request.url ?? '', baseUrl = this.#path } = request;
    const answer = await this.#answer(originalUrl, baseUrl, (at) => nodeQuestion(request, at));
    if (!response.destroyed) {
      send(answer, response);
    }
  }

  async fetch(request: Request): Promise<Response> {
    return responseOf(
      await this.#answer(request.url, this.#path, (at) => fetchQuestion(request, at)),
    );
  }

  async #answer(
    target: string,
    mount: string,
    questionAt: (at: Below) => Question,
  ): Promise<Answer> {
    const at = locate(target, mount);
    if (at.type === 'redirect') {
      return withSecurity(plain(308, 'See below', { location: at.to }));
    }
    if (at.type === 'none') {
      return withSecurity(plain(404, 'Nothing of this name'));
    }
    try {
      return await this.#site.answer(questionAt(at));
    } catch (error) {
      this.#failed(error);
      return withSecurity(plain(500, 'The observer has failed'));
    }
  }
}

function withSecurity(answer: Answer): Answer {
  return { ...answer, headers: { ...securityHeaders, ...answer.headers } };
}
