import type { Socket } from 'socket.io';
import { SocketError } from '../errors.js';
import type { FindRoomDeps } from '../rooms/find-room.js';
import { createRequestRates } from '../signaling/request-rates.js';
import { Session, type SessionDeps } from '../signaling/session.js';
import type { Identified } from '../romm/shown.js';
import type { SocketLimits } from '../ws/limits.js';
import type { Aliases } from './aliases.js';
import type { ConnectionContext, LegacyHandler } from './connection-context.js';
import { SFU } from './dialect.js';
import { LegacyRefusal } from './legacy-refusal.js';
import { SocketIoOutbox } from './outbox.js';
import { isRelayed, relayToRoom } from './relay-to-room.js';
import { REQUEST_EVENTS } from './sfu-requests.js';
import { whisper } from './whisper.js';

export interface ConnectionDeps {
  readonly session: SessionDeps & FindRoomDeps;
  readonly aliases: Aliases;
  readonly limits: SocketLimits;
}

/** Today's pages ask for the list in a loop; once a second will do for them. */
const LISTS_PER_SECOND = 2;

type Acknowledge = (...args: unknown[]) => void;

/**
 * Binds a Socket.IO connection to a session. No packet of it throws out of here, whatever it holds (D25):
 * every event is looked up in a map, every acknowledgement is checked to be one.
 */
export function bindConnection(
  socket: Socket,
  { identity, token }: Identified,
  { session: sessionDeps, aliases, limits }: ConnectionDeps,
): SocketIoOutbox {
  const outbox = new SocketIoOutbox(socket, SFU, {
    aliasOf: (clientId) => aliases.of(clientId),
    now: sessionDeps.now,
    maxSendBufferBytes: limits.maxSendBufferBytes,
    onClose: () => session.disconnected(),
  });
  const session = new Session(sessionDeps, outbox, { identity, clientId: socket.id });
  const listsPerSecond = Math.min(LISTS_PER_SECOND, limits.listsPerSecond);
  const rates = createRequestRates({ ...limits, listsPerSecond });
  const context: ConnectionContext = {
    session,
    outbox,
    connectToken: token,
    aliases,
    rooms: sessionDeps,
    rates,
  };

  // Every packet ends here: what is not passed on reaches no listener, not even one for an event named "error".
  socket.use(([name, ...args]: unknown[]) => receive(context, String(name), args));
  socket.on('disconnect', () => {
    aliases.forget(socket.id);
    session.disconnected();
  });
  return outbox;
}

function receive(context: ConnectionContext, name: string, args: unknown[]): void {
  const last = args.at(-1);
  const acknowledge = typeof last === 'function' ? (args.pop() as Acknowledge) : () => undefined;
  const [payload] = args;
  try {
    if (isRelayed(name) && saidIn(name, payload) === undefined) {
      if (!context.rates.allowsRelay()) {
        context.outbox.close('tooManyMessages');
        return;
      }
      relayToRoom(context, name, payload);
      acknowledge(null);
      return;
    }
    if (!context.rates.allows(name)) {
      context.outbox.close('tooManyMessages');
      return;
    }
    const chat = saidIn(name, payload);
    const handle = handlerOf(name, chat);
    if (handle === undefined) throw new SocketError('unknown_type');
    const work = () => answer(context, handle, chat ?? payload, acknowledge);
    // Signals come in bursts, wait for nothing, and must not fill the queue.
    if (name === 'webrtc-signal' && context.session.idle) void work();
    else context.session.inTurn(work);
  } catch (error) {
    acknowledge(refusalOf(context, error));
  }
}

function handlerOf(name: string, chat: { to: unknown } | undefined): LegacyHandler | undefined {
  if (chat === undefined) return REQUEST_EVENTS.get(name);
  return chat.to === 'all' ? REQUEST_EVENTS.get('chat-message') : whisper;
}

async function answer(
  context: ConnectionContext,
  handle: LegacyHandler,
  payload: unknown,
  acknowledge: Acknowledge,
): Promise<void> {
  try {
    acknowledge(...(await handle(context, payload)));
  } catch (error) {
    acknowledge(refusalOf(context, error));
  }
}

function refusalOf({ outbox, session }: ConnectionContext, error: unknown): unknown {
  return error instanceof LegacyRefusal ? error.word : outbox.dialect.refusal(session.describe(error), error);
}

/** Chat that a stock client sends as a data message, for all or for one. */
function saidIn(name: string, payload: unknown): { message: unknown; to: unknown } | undefined {
  if (name !== 'data-message' || typeof payload !== 'object' || payload === null) return undefined;
  const chat = (payload as { 'chat-message'?: { message?: unknown; to?: unknown } | null })['chat-message'];
  if (typeof chat !== 'object' || chat === null) return undefined;
  return { message: chat.message, to: chat.to ?? 'all' };
}
