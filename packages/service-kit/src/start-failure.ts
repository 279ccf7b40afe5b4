/** Why a service cannot start, where a person can mend it: what is wrong, and what to do. */
export class StartError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StartError';
  }
}

/** By what the system says when it lets nobody listen. */
const LISTENING: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Another program uses this port: stop it, or set PORT to another (0 picks a free one).',
  EACCES: 'Ports below 1024 are not for everybody: set PORT to another (0 picks a free one).',
  EADDRNOTAVAIL: 'This machine does not have this address: choose another to listen on, such as 0.0.0.0.',
  ENOTFOUND: 'No such name is known here: give an address to listen on, such as 0.0.0.0.',
};

/** What listening failed with, for who chose address and port; `error` as it is where nothing is known of it. */
export function listenFailure(error: unknown, host: string, port: number): Error {
  const { code = '' } = error as NodeJS.ErrnoException;
  const advice = LISTENING[code];
  if (advice === undefined) return error as Error;
  return new StartError(`Cannot listen on ${host}, port ${port} (${code}). ${advice}`, { cause: error });
}

/** The same failure for who knows PORT by another name. */
export function inWordsOf(variable: string, error: unknown): unknown {
  if (!(error instanceof StartError)) return error;
  return new StartError(error.message.replace(/\bset PORT\b/, `set ${variable}`), { cause: error.cause });
}

/** What a directory that has to be written failed with, for who named it by a variable. */
export function directoryFailure(error: unknown, variable: string, path: string): Error {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error as Error;
  return new StartError(
    `${variable} cannot be written: ${path} (${code}). Give it to the user that this runs as, or choose another directory.`,
    { cause: error },
  );
}

/** A failure for who reads it: a sentence where one is known, else everything down to the first cause. */
export function tellFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof StartError) return error.message;
  // Of tries at several addresses, one is like the others; and the error of all has no words.
  const cause: unknown = error instanceof AggregateError ? (error.cause ?? error.errors[0]) : error.cause;
  // Not what else an error carries, which may be a whole connection with its password.
  const told = error.stack ?? error.message;
  return cause === undefined ? told : `${told}\nCaused by: ${tellFailure(cause)}`;
}
