import type { Clock } from '@reprise/actor';

import { rightToken } from '../token.ts';
import { type Answer, plain, type Question } from './exchange.ts';

/** Who may ask. */
export interface GateRules {
  /**
   * The values of `Host` that are allowed: the name of another site that is made to resolve to this
   * machine is not among them. `undefined`: any, where the server around the observer decides.
   */
  readonly hosts: ReadonlySet<string> | undefined;
  /** How a page of the observer is called behind a proxy, such as `https://ops.example.com`. */
  readonly origin: string | undefined;
  /** Who may read data: whoever has this token, or whoever the function lets in. */
  readonly who: { readonly token: string } | ((question: Question) => Promise<Answer | undefined>);
}

/**
 * Decides for each request whether it is answered. The rules need no cookie: one of 127.0.0.1 would
 * be sent to every other port of 127.0.0.1, too.
 */
export class Gate {
  readonly #rules: GateRules;
  readonly #token: TokenCheck | undefined;

  constructor(rules: GateRules, clock: Clock) {
    this.#rules = rules;
    this.#token =
      typeof rules.who === 'function' ? undefined : new TokenCheck(rules.who.token, clock);
  }

  /** The answer to a request that is refused, and `undefined` for one that may go on. */
  async refusal(question: Question, isData: boolean): Promise<Answer | undefined> {
    const [host, ...more] = question.header('host');
    if (host === undefined || more.length > 0) {
      return plain(400, 'Expected one Host');
    }
    return (
      this.#ofHost(host) ??
      this.#ofSite(question, host) ??
      (isData ? await this.#ofVisitor(question) : undefined)
    );
  }

  #ofHost(host: string): Answer | undefined {
    const { hosts } = this.#rules;
    return hosts === undefined || hosts.has(host.toLowerCase())
      ? undefined
      : plain(421, 'Expected the Host of this server');
  }

  /**
   * Browsers tell which page asks. A page on another port of this machine is `same-site`, and a
   * stranger, too.
   */
  #ofSite(question: Question, host: string): Answer | undefined {
    const origins = question.header('origin');
    const sites = question.header('sec-fetch-site');
    const isOwn =
      origins.every((origin) => this.#isOwn(origin, host)) &&
      sites.every((site) => site === 'same-origin' || site === 'none');
    return isOwn ? undefined : plain(403, 'Expected a request of the page itself');
  }

  #isOwn(origin: string, host: string): boolean {
    const own = host.toLowerCase();
    return [this.#rules.origin, `http://${own}`, `https://${own}`].includes(origin);
  }

  async #ofVisitor(question: Question): Promise<Answer | undefined> {
    const { who } = this.#rules;
    return typeof who === 'function' ? who(question) : this.#token?.refusal(question);
  }
}

/** How many wrong tokens an address may send in a minute. */
const mostWrong = 10;
const minute = 60_000;
/** Of so many addresses the wrong tokens are counted. */
const mostAddresses = 1000;

/** Counts the wrong tokens of each address. */
class TokenCheck {
  readonly #isRight: (header: string) => boolean;
  readonly #clock: Clock;
  /** When each address has sent a wrong token, within the last minute. */
  readonly #wrong: Map<string, readonly number[]> = new Map();

  constructor(token: string, clock: Clock) {
    this.#isRight = rightToken(token);
    this.#clock = clock;
  }

  refusal(question: Question): Answer | undefined {
    const { address } = question;
    const since = this.#clock.now() - minute;
    const wrong = (this.#wrong.get(address) ?? []).filter((at) => at > since);
    if (wrong.length >= mostWrong) {
      return plain(429, 'Too many wrong tokens', { 'retry-after': '60' });
    }
    const values = question.header('authorization');
    if (values.length === 1 && this.#isRight(values[0] ?? '')) {
      return undefined;
    }
    if (values.length > 0) {
      this.#count(address, [...wrong, this.#clock.now()]);
    }
    return plain(401, 'Expected the token of the observer', { 'www-authenticate': 'Bearer' });
  }

  #count(address: string, wrong: readonly number[]): void {
    this.#wrong.delete(address);
    this.#wrong.set(address, wrong);
    if (this.#wrong.size > mostAddresses) {
      const [oldest = ''] = this.#wrong.keys();
      this.#wrong.delete(oldest);
    }
  }
}
