import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { type StateTrouble, StateUnavailableError } from '../errors.js';
import { troubleOf } from './trouble.js';

export type RedisClient = ReturnType<typeof newClient>;

export interface RedisConnectionOptions {
  /** redis:// or rediss:// with an optional user, password and database. */
  readonly url: string;
  /** How long one command may take before it counts as failed. */
  readonly commandTimeoutMs?: number;
  /** Told once when Redis cannot be used, or no longer for another reason. */
  readonly onTrouble?: (trouble: StateTrouble) => void;
  /** Told once when it can be used again. */
  readonly onMended?: () => void;
}

export interface RedisConnection {
  /**
   * Runs one command. Rejects with StateUnavailableError at once while disconnected, and after the command
   * timeout when the server has stopped answering. A command that timed out may still take effect there.
   */
  run<T>(command: (client: RedisClient) => Promise<T>): Promise<T>;
  /** Counts connections: what was learnt of a server counts for one of them. */
  readonly epoch: number;
  /** Tries what the services live on, a write; answers how long it took, in milliseconds. */
  probe(): Promise<number>;
  close(): Promise<void>;
}

const MAX_QUEUED_COMMANDS = 10_000;
const MAX_RECONNECT_DELAY_MS = 1_000;
/** How often a Redis that cannot be used is tried again. */
const TRY_AGAIN_MS = 500;

/** What comes back sooner after it was over was not over. */
const TOLD_AGAIN_MS = 60_000;

/** Written and gone again, to see that writes are taken. */
export const PROBE_KEY = 'sfu:probe';
const PROBE_LIFE = { type: 'PX', value: 1_000 } as const;

/** What the services live on. */
const work = (client: RedisClient) =>
  Promise.all([
    client.set(PROBE_KEY, '1', { expiration: PROBE_LIFE }),
    client.del(PROBE_KEY),
    client.info('server'),
  ]);

const newClient = (url: string, commandTimeoutMs: number) =>
  createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_QUEUED_COMMANDS,
    // Its own timeout costs a timer and an AbortSignal of 5 s per command, a third of the throughput, and
    // does not fire for a frozen server; `run` has the deadline.
    commandOptions: { timeout: 0 },
    pingInterval: 2 * commandTimeoutMs,
    socket: {
      connectTimeout: commandTimeoutMs,
      // Notices a frozen server or a cut line, where no error ever arrives.
      socketTimeout: 5 * commandTimeoutMs,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** Math.min(retries, 10), MAX_RECONNECT_DELAY_MS),
    },
  });

/**
 * Opens a connection that heals by itself and never makes a caller wait for that. Resolves after the first
 * connection attempt, whatever its outcome: a service may start before its Redis.
 */
export async function openRedis(options: RedisConnectionOptions): Promise<RedisConnection> {
  const { url, commandTimeoutMs = 1_000 } = options;
  const client = newClient(url, commandTimeoutMs);
  let trouble: StateTrouble | undefined;
  /** What was told last, and when it was over: what comes and goes by the second is told once a minute. */
  let told: { readonly code: string; overAt: number } | undefined;
  let closed = false;
  const isClosed = () => closed;
  const isReady = () => client.isReady;

  function note(error: unknown): StateTrouble {
    const seen = troubleOf(error);
    // One that cannot be reached falls silent first: what was said of it stands.
    if (closed || seen.code === trouble?.code || (trouble && seen.code === 'redis_silent')) return seen;
    const isNew = trouble === undefined;
    trouble = seen;
    if (seen.code !== told?.code || performance.now() - told.overAt > TOLD_AGAIN_MS) {
      told = { code: seen.code, overAt: Infinity };
      options.onTrouble?.(seen);
    }
    if (isNew) void tryUntilMended();
    return seen;
  }

  function mend(): void {
    trouble = undefined;
    if (told?.overAt === Infinity) options.onMended?.();
    if (told !== undefined) told.overAt = performance.now();
  }

  const attempt = <T>(command: (client: RedisClient) => Promise<T>): Promise<T> =>
    withDeadline(command(client), commandTimeoutMs);

  async function run<T>(command: (client: RedisClient) => Promise<T>): Promise<T> {
    try {
      return await attempt(command);
    } catch (error) {
      throw new StateUnavailableError({ cause: error, trouble: note(error) });
    }
  }

  async function tryUntilMended(): Promise<void> {
    while (!closed) {
      await sleep(TRY_AGAIN_MS, undefined, { ref: false });
      if (!isReady()) continue;
      try {
        await attempt(work);
        if (!isClosed()) mend();
        return;
      } catch (error) {
        // Its name may lead to another server by now, as after a failover.
        if (note(error).code === 'redis_readonly' && isReady()) await connectAnew();
      }
    }
  }

  async function connectAnew(): Promise<void> {
    client.destroy();
    await client.connect().catch(note);
    if (isClosed()) client.destroy();
  }

  client.on('error', note);
  // One that was put in the place of another may be of no use: seen before anybody needs it.
  client.on('ready', () => void attempt(work).catch(note));
  const connected = client.connect().catch(note);
  await withDeadline(connected, commandTimeoutMs).catch(() => undefined);

  return {
    run,
    get epoch() {
      return client.socketEpoch;
    },
    async probe() {
      const startedAt = performance.now();
      // It is tried twice a second as it is; who asks whether it works need not wait for that.
      if (trouble !== undefined) throw new StateUnavailableError({ trouble });
      await run(work);
      return performance.now() - startedAt;
    },
    close() {
      closed = true;
      client.destroy();
      return Promise.resolve();
    },
  };
}

function withDeadline<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`No answer within ${timeoutMs} ms.`)), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
