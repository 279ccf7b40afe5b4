import { ConfigError } from './env.js';
import { tellFailure } from './start-failure.js';

export interface RunningService {
  /** Gives away what others can go on with, before it closes; takes a bounded time of its own. */
  drain?(): Promise<void>;
  close(): Promise<void>;
}

/** Orchestrators wait 10 s (Docker) to 30 s (Kubernetes) before they kill. */
const CLOSE_TIMEOUT_MS = 8_000;

/**
 * The life of a process: start, run until SIGTERM or SIGINT, drain, close; a second signal ends the draining. A configuration fault ends it with
 * code 78 and one sentence a fault, another failed start with code 1 and its reason; an error nobody caught ends it with code 1, because what state it left
 * behind is unknown and the orchestrator starts a clean one.
 */
export async function runService(start: () => Promise<RunningService>): Promise<void> {
  let service: RunningService;
  try {
    service = await start();
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : tellFailure(error)}\n`);
    process.exit(error instanceof ConfigError ? 78 : 1);
  }

  let closing = false;
  let hurry: () => void = () => undefined;
  async function drain(): Promise<void> {
    const hurried = new Promise<void>((resolve) => (hurry = resolve));
    try {
      await Promise.race([service.drain?.(), hurried]);
    } catch (error) {
      process.stderr.write(`${tellFailure(error)}\n`);
    }
  }
  async function stop(exitCode: number): Promise<void> {
    if (closing) {
      hurry();
      return;
    }
    closing = true;
    // What an error nobody caught has left behind is not for others to go on with.
    if (exitCode === 0) await drain();
    setTimeout(() => process.exit(exitCode || 1), CLOSE_TIMEOUT_MS).unref();
    try {
      await service.close();
      process.exit(exitCode);
    } catch (error) {
      process.stderr.write(`${tellFailure(error)}\n`);
      process.exit(1);
    }
  }
  process.on('SIGTERM', () => void stop(0));
  process.on('SIGINT', () => void stop(0));
  process.on('uncaughtException', (error) => {
    process.stderr.write(`${tellFailure(error)}\n`);
    void stop(1);
  });
}
