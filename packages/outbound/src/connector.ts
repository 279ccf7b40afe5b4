import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';
import { OutboundError } from './errors.js';
import type { OutboundPolicy } from './policy.js';
import { resolveAllowed } from './resolve-allowed.js';
import type { ServerIdentity } from './server-identity.js';

/**
 * Opens connections for undici: to the very addresses that were checked, so that a second answer of the
 * resolver (DNS rebinding) is never asked for; and hands over only those whose server has proved who it is.
 */
export function createConnector(
  policy: OutboundPolicy,
  identity: ServerIdentity,
  timeoutMs: number,
): buildConnector.connector {
  return (target, callback) => {
    // The deadline of a request ends its wait; this one ends what would go on behind it.
    const deadline = AbortSignal.timeout(timeoutMs);
    open(policy, identity, target, deadline).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(error as OutboundError, null),
    );
  };
}

async function open(
  policy: OutboundPolicy,
  identity: ServerIdentity,
  { hostname, port, protocol }: buildConnector.Options,
  deadline: AbortSignal,
): Promise<Socket> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const addresses = await orTimeout(resolveAllowed(host, policy), deadline);
  const secure = protocol === 'https:';
  const endpoint = {
    host,
    port: Number(port) || (secure ? 443 : 80),
    lookup: answerWith(addresses),
    autoSelectFamily: true,
    noDelay: true,
  };
  // A name may end in a dot, in a certificate it does not.
  const servername = isIP(host) === 0 ? host.replace(/\.$/, '') : '';
  const socket = secure
    ? connectTls({ ...endpoint, ...identity.tlsOptions, servername, ALPNProtocols: ['http/1.1'] })
    : connectTcp(endpoint);
  await opened(socket, deadline);
  if (socket instanceof TLSSocket && !identity.matches(socket)) {
    socket.destroy();
    throw new OutboundError('certificate_refused', 'FINGERPRINT_MISMATCH');
  }
  return socket;
}

/** Lets node try the checked addresses (RFC 8305), and no others. */
function answerWith(addresses: readonly string[]): LookupFunction {
  const answers = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_name, options, callback) => {
    // Later, as real lookups do: a socket that fails at once would do so before anybody listens.
    process.nextTick(() => {
      if (options.all) callback(null, answers);
      else callback(null, answers[0]?.address ?? '', answers[0]?.family);
    });
  };
}

function opened(socket: Socket, deadline: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onDeadline = () => socket.destroy(new OutboundError('timeout'));
    deadline.addEventListener('abort', onDeadline);
    if (deadline.aborted) onDeadline();
    // Stays: a socket may report several errors, also between this and undici's own listener.
    socket.on('error', (error) => {
      deadline.removeEventListener('abort', onDeadline);
      reject(refusalOf(error, socket));
    });
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
      deadline.removeEventListener('abort', onDeadline);
      resolve();
    });
  });
}

function refusalOf(error: NodeJS.ErrnoException, socket: Socket): OutboundError {
  if (error instanceof OutboundError) return error;
  const refused = socket instanceof TLSSocket && Boolean(socket.authorizationError);
  if (refused) return new OutboundError('certificate_refused', error.code);
  const handshake = /^ERR_SSL_|^ERR_TLS_|^EPROTO$/.test(error.code ?? '');
  return new OutboundError(handshake ? 'tls_failed' : 'unreachable', error.code);
}

function orTimeout<T>(work: Promise<T>, deadline: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    deadline.addEventListener('abort', () => reject(new OutboundError('timeout')));
    work.then(resolve, reject);
  });
}
