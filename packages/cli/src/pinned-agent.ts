import { createHash, X509Certificate } from 'node:crypto';
import { Agent, type AgentOptions } from 'node:https';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

/** The SHA-256 that a server's certificate has to have: its own, or that of its public key. */
export type Pin =
  | { readonly type: 'certificate'; readonly sha256: string }
  | { readonly type: 'publicKey'; readonly sha256: string };

/** `undefined` for a text that is no pin. */
export function parsePin(text: string): Pin | undefined {
  const hex = text.replaceAll(':', '').toLowerCase();
  if (/^[\da-f]{64}$/.test(hex)) {
    return { type: 'certificate', sha256: hex };
  }
  const base64 = /^sha256\/\/([A-Za-z\d+/]{43}=)$/.exec(text)?.[1];
  return base64 === undefined ? undefined : { type: 'publicKey', sha256: base64 };
}

/**
 * An agent for servers that show one certificate: no other property of it is checked, neither its
 * signature nor its name, nor when it expires. For a device with a certificate of its own. Nothing
 * is sent before the certificate is checked.
 */
export function pinnedAgent(pin: Pin): Agent {
  const agent = new Agent({ keepAlive: false, highWaterMark: 1 } as AgentOptions);
  return Object.assign(agent, {
    // Node waits for `created`, since this returns nothing.
    createConnection: (options: ConnectionOptions, created: Created): void => {
      connectPinned(options, pin, created);
    },
  });
}

type Created = (error: Error | null, socket: TLSSocket) => void;

function connectPinned(options: ConnectionOptions, pin: Pin, created: Created): void {
  const socket = connect({ ...options, rejectUnauthorized: false, session: undefined });
  // got's own limit begins with the connection that it is given.
  const late = (): void => {
    socket.destroy(errorWith('ETIMEDOUT', 'no TLS connection in time'));
  };
  socket.setTimeout(connectTimeout, late);
  const failed = (error: Error): void => {
    created(error, socket);
  };
  socket.once('error', failed);
  socket.once('secureConnect', () => {
    socket.setTimeout(0, late);
    const problem = problemOf(socket, pin);
    if (problem === undefined) {
      socket.off('error', failed);
      created(null, socket);
    } else {
      socket.destroy(problem);
    }
  });
}

function problemOf(socket: TLSSocket, pin: Pin): Error | undefined {
  const found = fingerprintOf(socket.getPeerCertificate().raw, pin);
  return found === pin.sha256
    ? undefined
    : errorWith('CERT_NOT_PINNED', `the certificate is not the one of --pin, but ${found}`);
}

/** In ms, as that of every other connection. */
const connectTimeout = 10_000;

function fingerprintOf(der: Buffer, { type }: Pin): string {
  if (type === 'certificate') {
    return createHash('sha256').update(der).digest('hex');
  }
  const key = new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}

function errorWith(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
