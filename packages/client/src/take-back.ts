import { clientError, NetplayError } from './errors.js';
import type { HostingNodes } from './hosting-node.js';
import { backoffMs, isRefusedToken } from './retry.js';
import type { Runtime } from './runtime.js';
import type { Attach, Held, JoinRoomOptions, Seats } from './seats.js';

export interface TakeBackDeps {
  readonly runtime: Runtime;
  readonly seats: Seats;
  readonly nodes: HostingNodes;
  /** For how long to try: as long as servers keep the place. */
  readonly reconnectMs: number;
}

export interface LostPlace {
  readonly options: JoinRoomOptions;
  readonly url: string;
  readonly resumeToken: string;
  readonly attach: Attach;
  /** Why it was lost. */
  readonly lost: NetplayError;
}

/**
 * Gets a place back after its connection was lost. Undefined when nobody wants it any more.
 * @throws NetplayError when refused for good, or when time is up
 */
export async function takeBack(
  deps: TakeBackDeps,
  { options, url, resumeToken, attach, lost }: LostPlace,
  isWanted: () => boolean,
): Promise<Held | undefined> {
  const { runtime, seats, nodes, reconnectMs } = deps;
  const deadlineMs = runtime.now() + reconnectMs;
  let refusals = 0;
  let isLast = false;
  for (let attempt = 0; ; attempt += 1) {
    if (isLast) throw clientError('reconnect_failed', { closeCode: lost.closeCode });
    // A device that slept, or whose clock was put right, tries once more: the node has its own clock.
    isLast = !(await waitForTurn(runtime, attempt, deadlineMs));
    if (!isWanted()) return undefined;
    // The room may have moved; and the announced URL of a node may be wrong, so both are tried in turn.
    const where = attempt % 2 === 0 ? url : await nodes.find(options).catch(() => url);
    try {
      const held = await seats.resume(options, where, resumeToken, attach);
      if (isWanted()) return held;
      held.socket.close();
      return undefined;
    } catch (error) {
      if (!(error instanceof NetplayError) || !isWorthAnother(error, refusals)) throw error;
      if (isRefusedToken(error)) refusals += 1;
    }
  }
}

/** Sleeps, and waits for the line; false when time is up. */
async function waitForTurn(runtime: Runtime, attempt: number, deadlineMs: number): Promise<boolean> {
  const pauseMs = backoffMs(attempt, runtime.random);
  if (runtime.now() + pauseMs >= deadlineMs) return false;
  await runtime.sleep(pauseMs);
  const online = runtime.online();
  if (online) await Promise.race([online, runtime.sleep(deadlineMs - runtime.now())]);
  return runtime.now() < deadlineMs;
}

/** A node that has not noticed the lost line yet says already_in_room; it will. */
const isWorthAnother = (error: NetplayError, refusals: number): boolean =>
  error.retryable || error.code === 'already_in_room' || (isRefusedToken(error) && refusals === 0);
