import { createClient } from 'redis';
import { StateUnavailableError } from '../errors.js';

export type RedisClient = ReturnType<typeof newClient>;

export interface RedisConnectionOptions {
  /** redis:// or rediss:// with an optional user, password and database. */
  readonly url: string;
  /** How long one command may take before it counts as failed. */
  readonly commandTimeoutMs?: number;
  /** Told of connection losses, for the log. Never holds the password. */
  readonly onError?: (error: Error) => void;
}

export interface RedisConnection {
  /**
   * Runs one command. Rejects with StateUnavailableError at once while disconnected, and after the command
   * timeout when the server has stopped answering. A command that timed out may still take effect there.
   */
  run<T>(command: (client: RedisClient) => Promise<T>): Promise<T>;
  /** Round-trip time in milliseconds. */
  ping(): Promise<number>;
  close(): Promise<void>;
}

const MAX_QUEUED_COMMANDS = 10_000;
const MAX_RECONNECT_DELAY_MS = 1_000;

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
  const { url, commandTimeoutMs = 1_000, onError = () => undefined } = options;
  const client = newClient(url, commandTimeoutMs);
  client.on('error', onError);
  const connected = client.connect().catch(onError);
  await withDeadline(connected, commandTimeoutMs).catch(() => undefined);

  async function run<T>(command: (client: RedisClient) => Promise<T>): Promise<T> {
    try {
      return await withDeadline(command(client), commandTimeoutMs);
    } catch (error) {
      throw new StateUnavailableError({ cause: error });
    }
  }

  return {
    run,
    async ping() {
      const startedAt = performance.now();
      await run((c) => c.ping());
      return performance.now() - startedAt;
    },
    close() {
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
