import { REQUESTS } from '@romm-netplay/protocol';
import { SocketError } from '../errors.js';
import { membershipOf } from '../rooms/caller.js';
import { sendPrivately } from '../rooms/send-message.js';
import { callerOf, type LegacyHandler } from './connection-context.js';
import { stockIds } from './legacy-users.js';

/** How EmulatorJS itself marks what is for one of them. */
const MARK = '(private) ';

/** A line of chat that a stock client means for one other member, who alone gets it, from whom it really is. */
export const whisper: LegacyHandler = (context, payload) => {
  const { to, message } = payload as { to: unknown; message: unknown };
  const said = REQUESTS['chat-message'].safeParse({ message }).data;
  if (said === undefined) throw new SocketError('invalid_request');
  const caller = callerOf(context);
  const { room } = membershipOf(caller);
  const ids = stockIds(room.users(), (clientId) => context.aliases.of(clientId));
  const receiver = [...room.members].find(({ clientId }) => ids.get(clientId) === to);
  if (receiver === undefined) throw new SocketError('target_not_in_room');
  sendPrivately(context.rooms, caller, receiver, MARK + said.message);
  return [null];
};
