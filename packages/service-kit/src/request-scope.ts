import { AsyncLocalStorage } from 'node:async_hooks';

/** What stands in every line of the log that is written on behalf of a request. */
export interface RequestScope {
  readonly requestId: string;
}

const scopes = new AsyncLocalStorage<RequestScope>();

/** Runs what answers a request, so that its lines can be found by the id that the caller was told. */
export const inRequest = <T>(requestId: string, work: () => T): T => scopes.run({ requestId }, work);

export const currentRequest = (): RequestScope | undefined => scopes.getStore();
