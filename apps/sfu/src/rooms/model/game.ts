import type { Launch, RoomExtra, RoomPhase } from '@romm-netplay/protocol';
import { SocketError } from '../../errors.js';

/**
 * How far a room's game is, as a value: every step answers the next one, or the same object when nothing
 * changed. Who may take a step is judged by the caller.
 *
 *   lobby -> preparing: started; every connected player loads the game
 *   preparing -> running: whoever was waited for is at the first frame, or gone
 *   preparing -> lobby: everybody who was waited for is gone
 *   running <-> paused
 *   preparing, running, paused -> lobby
 */
export interface Game {
  /** Only `delay_sync` rooms have one; others run from beginning to end. */
  readonly hasLobby: boolean;
  readonly phase: RoomPhase;
  /** By player id. In the lobby: ready to start; while preparing: at the first frame; empty afterwards. */
  readonly ready: ReadonlySet<string>;
  /** By player id. While preparing: connected players who have not reported yet, at least one. */
  readonly waitingFor: ReadonlySet<string>;
  readonly launch: Launch | null;
  /** The latest first frame that was reported. */
  readonly frame: number;
}

const NOBODY: ReadonlySet<string> = new Set();
const AT_REST = { ready: NOBODY, waitingFor: NOBODY, launch: null, frame: 0 } as const;

export function newGame(mode: RoomExtra['netplay_mode']): Game {
  const hasLobby = mode === 'delay_sync';
  return { hasLobby, phase: hasLobby ? 'lobby' : 'running', ...AT_REST };
}

/** @throws SocketError wrong_phase */
export function setReady(game: Game, playerId: string, isReady: boolean): Game {
  assertPhase(game, 'lobby');
  if (game.ready.has(playerId) === isReady) return game;
  return { ...game, ready: isReady ? plus(game.ready, playerId) : minus(game.ready, playerId) };
}

/** Nobody is ready any more: what they agreed to has changed. */
export function voidReadiness(game: Game): Game {
  return game.phase === 'lobby' && game.ready.size > 0 ? { ...game, ready: NOBODY } : game;
}

/** @throws SocketError wrong_phase, not_all_ready */
export function start(game: Game, players: ReadonlySet<string>, launch: Launch): Game {
  assertPhase(game, 'lobby');
  if (players.size === 0 || ![...players].every((playerId) => game.ready.has(playerId))) {
    throw new SocketError('not_all_ready');
  }
  return {
    ...game,
    phase: 'preparing',
    ready: NOBODY,
    waitingFor: players,
    launch,
    frame: launch.start_frame,
  };
}

/** Whoever came back meanwhile is not waited for, and may report all the same. @throws SocketError wrong_phase */
export function reportFrame(game: Game, playerId: string, frame: number): Game {
  assertPhase(game, 'preparing');
  if (!game.waitingFor.has(playerId)) return game;
  return settled({
    ...game,
    ready: plus(game.ready, playerId),
    waitingFor: minus(game.waitingFor, playerId),
    frame: Math.max(game.frame, frame),
  });
}

/** Players who have no slot any more. */
export function withoutPlayers(game: Game, playerIds: readonly string[]): Game {
  if (!playerIds.some((playerId) => game.ready.has(playerId) || game.waitingFor.has(playerId))) return game;
  return settled({
    ...game,
    ready: minus(game.ready, ...playerIds),
    waitingFor: minus(game.waitingFor, ...playerIds),
  });
}

/**
 * Players whose connection was lost or replaced. They stay ready in the lobby, as they keep their slot; but a
 * start waits for nobody who may not come back.
 */
export function withoutConnections(game: Game, playerIds: readonly string[]): Game {
  return game.phase === 'preparing' ? withoutPlayers(game, playerIds) : game;
}

/** Nobody is connected any more, whatever the phase. */
export const allAway = (game: Game): Game => (game.phase === 'preparing' ? inLobby(game) : game);

/** @throws SocketError wrong_phase */
export function pause(game: Game): Game {
  assertPhase(game, 'running');
  return { ...game, phase: 'paused' };
}

/** @throws SocketError wrong_phase */
export function unpause(game: Game): Game {
  assertPhase(game, 'paused');
  return { ...game, phase: 'running' };
}

/** Ends a game, or one that somebody never gets ready for. @throws SocketError wrong_phase */
export function returnToLobby(game: Game): Game {
  if (!game.hasLobby || game.phase === 'lobby') throw new SocketError('wrong_phase');
  return inLobby(game);
}

const inLobby = (game: Game): Game => ({ ...game, phase: 'lobby', ...AT_REST });

/** Nothing waits for nobody. */
function settled(game: Game): Game {
  if (game.phase !== 'preparing' || game.waitingFor.size > 0) return game;
  return game.ready.size > 0 ? { ...game, phase: 'running', ready: NOBODY } : inLobby(game);
}

function assertPhase({ phase }: Game, needed: RoomPhase): void {
  if (phase !== needed) throw new SocketError('wrong_phase');
}

const plus = (ids: ReadonlySet<string>, id: string): ReadonlySet<string> => new Set([...ids, id]);
const minus = (ids: ReadonlySet<string>, ...gone: string[]): ReadonlySet<string> =>
  new Set([...ids].filter((id) => !gone.includes(id)));
