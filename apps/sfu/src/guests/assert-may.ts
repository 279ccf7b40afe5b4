import type { Peers } from '@romm-netplay/peers';
import type { IssuerPermission, RegisteredIssuer } from '@romm-netplay/protocol';
import { SocketError } from '../errors.js';
import type { Player } from '../players/player.js';

export interface GuestDeps {
  /** Other instances, as this node knows them; asked for guests only. */
  readonly issuers: Pick<Peers, 'get'>;
}

const DEEDS: Readonly<Record<IssuerPermission, string>> = {
  'rooms:list': 'list rooms',
  'rooms:join': 'join rooms',
  'rooms:create': 'open rooms',
};

/**
 * Judges a guest where they act: by what the registry says now, not when they came. Without a permission,
 * whether they may be here at all. Players of this instance may do everything.
 * @throws SocketError issuer_not_permitted, banned_here; StateUnavailableError
 */
export function assertMay(deps: GuestDeps, player: Player, permission?: IssuerPermission): void {
  const refusal = whyNot(deps, player, permission);
  if (refusal !== undefined) throw refusal;
}

/** Whether a guest may be here at all. @throws StateUnavailableError */
export const isWelcome = (deps: GuestDeps, player: Player): boolean => whyNot(deps, player) === undefined;

/** @throws StateUnavailableError */
export const may = (deps: GuestDeps, player: Player, permission: IssuerPermission): boolean =>
  whyNot(deps, player, permission) === undefined;

function whyNot(
  { issuers }: GuestDeps,
  { instance, playerId }: Player,
  permission?: IssuerPermission,
): SocketError | undefined {
  if (instance === null) return undefined;
  const record = activeRecord(issuers.get(instance));
  if (record?.banned_players.includes(playerId)) return new SocketError('banned_here');
  if (permission === undefined) {
    return record === undefined || record.permissions.length === 0
      ? new SocketError('issuer_not_permitted')
      : undefined;
  }
  if (record?.permissions.includes(permission)) return undefined;
  const message = `Players of ${instance} may not ${DEEDS[permission]} at the instance they visit (${permission}); its administrator can allow it.`;
  return new SocketError('issuer_not_permitted', { message });
}

const activeRecord = (record: RegisteredIssuer | undefined): RegisteredIssuer | undefined =>
  record?.state === 'active' ? record : undefined;
