import type { SseClient } from '@reprise/sse';

type Disconnected = Extract<SseClient.StatusChange, { readonly type: 'disconnected' }>;

interface Reason {
  readonly reason: string;
  readonly failure?: Disconnected['failure'];
}

/**
 * Why a connection failed, in one line: the reason, the start of the body that the server sent with
 * it, and which option helps. `hide` takes the secrets out of the body before it is cut.
 */
export function reasonLine({ reason, failure }: Reason, hide: (text: string) => string): string {
  if (failure === undefined) {
    return reason;
  }
  const body = 'body' in failure ? failure.body.trim() : '';
  const hint = hintFor(failure);
  // Node's own advice names options of Node.
  const plain = reason.replace(/;? ?if the root CA is installed locally.*$/, '');
  return [
    plain,
    ...(body === '' ? [] : [`: ${start(hide(body))}`]),
    ...(hint === undefined ? [] : [` (${hint})`]),
  ].join('');
}

/** The most of a body that is printed, in characters. */
const longest = 300;

function start(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}\u2026` : text;
}

function hintFor(failure: Disconnected['failure']): string | undefined {
  switch (failure.type) {
    case 'certificate':
      return failure.code === 'ERR_TLS_CERT_ALTNAME_INVALID'
        ? '--servername NAME, --pin SHA256 or --insecure accept it'
        : '--ca FILE, --pin SHA256 or --insecure trust it';
    case 'status':
      return failure.status === 401 || failure.status === 403
        ? '--bearer and --header send credentials; --location-trusted, to other hosts too'
        : undefined;
    default:
      return undefined;
  }
}
