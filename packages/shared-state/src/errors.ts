/**
 * The shared state did not answer in time or is away. Whatever was asked did not happen as far as the
 * caller may assume: a token counts as not consumed, a room as not registered.
 */
export class StateUnavailableError extends Error {
  readonly code = 'state_unavailable';

  /** `because`: the whole sentence, where something else is away that stands for the shared state. */
  constructor({ because, ...options }: { cause?: unknown; because?: string } = {}) {
    super(because ?? 'The shared state is unavailable; nothing was changed. Try again shortly.', options);
    this.name = 'StateUnavailableError';
  }
}
