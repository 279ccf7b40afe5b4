import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';

/** What a program that is not there ends with. */
const NOT_FOUND = 127;

export interface ChildOptions extends SpawnOptions {
  /** What the system sends the child when this process is gone. */
  readonly lastSignal?: 'KILL' | 'QUIT';
}

/**
 * A child that does not outlive this process, also when that is killed (PR_SET_PDEATHSIG, which Linux has; elsewhere
 * it is a child like any other).
 */
export function spawnChild(
  command: string,
  args: readonly string[],
  { lastSignal = 'KILL', ...options }: ChildOptions = {},
): ChildProcess {
  if (process.platform !== 'linux') return spawn(command, args, options);
  return spawn('setpriv', ['--pdeathsig', lastSignal, command, ...args], options);
}

/** Why a program did not start, in words for whoever runs the tests. */
export function whyNot(program: string, code: number | null, output: string): Error {
  const advice = `${program} is not installed; on Debian: apt-get install ${program}`;
  return new Error(code === NOT_FOUND ? advice : `${program} ended with ${code}:\n${output}`);
}
