/** A host that has to be told of visits that ended here. */
export interface HostToTell {
  /** Its issuer URL. */
  readonly audience: string;
  /** How often it was tried in vain, for the visit that has waited longest. */
  readonly tries: number;
}

/**
 * Visits that ended and whose host does not know yet; whoever ends them notes them in the same transaction.
 * Shared by the replicas. Methods reject with AuthError database_unavailable.
 */
export interface EndedVisitStore {
  /** The hosts that may be called now. */
  listDue(nowMs: number): Promise<HostToTell[]>;
  /**
   * Takes what is due of a host, oldest first, and answers the grants. Nobody else gets them before
   * `nextTryAtMs`; whoever dies with them needs to do nothing for them to be tried again then.
   */
  take(
    audience: string,
    until: { readonly nowMs: number; readonly nextTryAtMs: number; readonly limit: number },
  ): Promise<string[]>;
  /** The host knows of these. It answers again, so whatever else waits for it is due now. */
  told(audience: string, grantIds: readonly string[], nowMs: number): Promise<void>;
  /** Forgets what ended before `endedBeforeMs`, and answers how many that were for each host. */
  giveUp(endedBeforeMs: number): Promise<{ readonly audience: string; readonly visits: number }[]>;
}
