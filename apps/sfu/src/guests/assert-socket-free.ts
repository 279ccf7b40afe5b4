import { SocketError } from '../errors.js';
import type { OpenSockets } from '../players/open-sockets.js';
import type { Player } from '../players/player.js';
import type { GuestDeps } from './assert-may.js';

/** Whether this node takes one more socket of a guest's instance. @throws SocketError guests_full */
export function assertSocketFree(
  { issuers, sockets }: GuestDeps & { readonly sockets: Pick<OpenSockets, 'of'> },
  { instance }: Player,
): void {
  if (instance === null) return;
  const most = issuers.get(instance)?.quotas.sockets ?? 0;
  if (sockets.of(instance).length < most) return;
  const message = `Players of ${instance} have as many sockets on this node as they may (${most}); try again later.`;
  throw new SocketError('guests_full', { message });
}
