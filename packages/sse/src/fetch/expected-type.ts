/**
 * Whether a successful answer of this Content-Type can be meant for the request. No API answers
 * with a page: a proxy, a login or the host of a wrong URL does, and by status 200.
 */
export function expectsType(type: string, { headers }: Request): boolean {
  return !isPage(type) || !isForApi(headers);
}

function isPage(type: string): boolean {
  return /^[\t ]*(?:text\/html|application\/xhtml\+xml)[\t ]*(?:;|$)/i.test(type);
}

/** By its `Accept` (RFC 9110 12.5.1) or, if it has none, by its body. */
function isForApi(headers: Headers): boolean {
  const accept = headers.get('accept');
  return accept === null
    ? /^[\t ]*application\/(?:[\w.-]+\+)?json[\t ]*(?:;|$)/i.test(headers.get('content-type') ?? '')
    : !/(?:\*|text)\/(?:\*|html)|application\/(?:\*|xhtml)/i.test(accept);
}
