/** RomM did not say who somebody is. The message goes into logs: it never holds a credential or an answer. */
export class RommFailure extends Error {
  /** Whether other callers would fare the same: RomM is away, not just at odds with one request. */
  readonly isOutage: boolean;

  constructor(message: string, { isOutage, cause }: { isOutage: boolean; cause?: unknown }) {
    super(message, { cause });
    this.name = 'RommFailure';
    this.isOutage = isOutage;
  }
}
