import type { IncomingMessage, ServerResponse } from 'node:http';

import { type Answer, plain, type Question } from './exchange.ts';
import { questionOf as fetchQuestion, responseOf } from './fetch-exchange.ts';
import { type Location, locate } from './location.ts';
import { questionOf as nodeQuestion, send } from './node-exchange.ts';
import { securityHeaders } from './security-headers.ts';
import type { Site } from './site.ts';

/**
 * What a server adds to a request from which it takes a part of its target away: the target as it
 * came, and, as Express does, that part.
 */
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
    const { originalUrl = request.url ?? '' } = request;
    const mount = mountOf(request, this.#path);
    const answer = await this.#answer(originalUrl, mount, (at) => nodeQuestion(request, at));
    // The server may have answered itself meanwhile, for a gate that took its time.
    if (!response.destroyed && !response.headersSent) {
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

/** The part of the target that is above the observer: `path`, below what the server took away. */
function mountOf(
  { url = '', originalUrl = url, baseUrl = takenFrom(originalUrl, url) }: IncomingMessage & Mounted,
  path: string,
): string {
  const whole = baseUrl + path;
  const isBelow = /^[/?]?$/.test(originalUrl.slice(whole.length, whole.length + 1));
  return baseUrl === '' || (isBelow && originalUrl.startsWith(whole)) ? whole : baseUrl;
}

/** Connect tells of that part only by its absence, and puts a slash in the place of nothing. */
function takenFrom(originalUrl: string, url: string): string {
  const rest = originalUrl.endsWith(url) ? url : url.replace(/^\/(?=\?|$)/, '');
  return originalUrl.endsWith(rest) ? originalUrl.slice(0, originalUrl.length - rest.length) : '';
}

function withSecurity(answer: Answer): Answer {
  return { ...answer, headers: { ...securityHeaders, ...answer.headers } };
}
