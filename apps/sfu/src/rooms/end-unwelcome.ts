import type { Room } from './model/room.js';
import type { TellDeps } from './tell-changed.js';
import { tellLeft } from './tell-left.js';
import type { OpenSockets } from '../players/open-sockets.js';
import { type GuestDeps, isWelcome } from '../guests/assert-may.js';
import { mustGo } from '../guests/must-go.js';
import type { IssuerChange } from '../guests/watch-issuers.js';

export interface EndUnwelcomeDeps extends GuestDeps, TellDeps {
  readonly sockets: Pick<OpenSockets, 'of' | 'guests'>;
}

/**
 * Ends what guests do here who may not any more: their places are free at once, held or kept for a lost
 * connection, and their sockets are closed. Answers how many places and sockets. Everybody else goes on.
 * Without a change, everything is looked at.
 * @throws StateUnavailableError
 */
export function endUnwelcome(deps: EndUnwelcomeDeps, change?: IssuerChange): number {
  const { sockets, directory } = deps;
  const places = [...directory.rooms()].reduce((sum, room) => sum + emptyPlaces(deps, room, change), 0);
  const theirs = change === undefined ? sockets.guests() : sockets.of(change.issuer);
  const unwelcome = theirs.filter(({ player }) => !isWelcome(deps, player));
  for (const socket of unwelcome) socket.end('notAdmitted');
  return places + unwelcome.length;
}

function emptyPlaces(deps: EndUnwelcomeDeps, room: Room, change: IssuerChange | undefined): number {
  const gone = [...room.members].filter(
    ({ id, player }) =>
      (change === undefined || player.instance === change.issuer) &&
      mustGo(deps, { player, ownsRoom: room.isOwner(id) }, change?.taken),
  );
  if (gone.length === 0) return 0;
  for (const { id } of gone) room.leave(id, deps.directory.mayOwnMore);
  tellLeft(deps, room);
  // After the places, of which the connections would otherwise keep one each.
  for (const { outbox } of gone) outbox.close('notAdmitted');
  return gone.length;
}
