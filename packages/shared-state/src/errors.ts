const UNAVAILABLE = 'The shared state is unavailable; nothing was changed. Try again shortly.';

/**
 * The shared state did not answer in time or is away. Whatever was asked did not happen as far as the
 * caller may assume: a token counts as not consumed, a room as not registered.
 */
export class StateUnavailableError extends Error {
  readonly code = 'state_unavailable';

  constructor({ message = UNAVAILABLE, ...options }: { message?: string; cause?: unknown } = {}) {
    super(message, options);
    this.name = 'StateUnavailableError';
  }
}
