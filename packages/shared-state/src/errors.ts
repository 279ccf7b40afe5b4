/** Why the shared state cannot be used, for whoever runs it: no address, no secret, nothing that it answered. */
export interface StateTrouble {
  /** For programs. */
  readonly code: string;
  readonly message: string;
}

/**
 * The shared state did not answer in time or is away. Whatever was asked did not happen as far as the
 * caller may assume: a token counts as not consumed, a room as not registered.
 */
export class StateUnavailableError extends Error {
  readonly code = 'state_unavailable';
  /** What is wrong with it, where that is known. */
  readonly trouble: StateTrouble | undefined;

  /** `because`: the whole sentence, where something else is away that stands for the shared state. */
  constructor({
    because,
    trouble,
    ...options
  }: { cause?: unknown; because?: string; trouble?: StateTrouble } = {}) {
    super(because ?? 'The shared state is unavailable; nothing was changed. Try again shortly.', options);
    this.name = 'StateUnavailableError';
    this.trouble = trouble;
  }
}
