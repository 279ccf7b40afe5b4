/** What decides who may find a room. A record of the registry may hold anything under these names. */
export interface Openness {
  readonly visibility?: unknown;
  readonly admits?: unknown;
}

/** Whether guests of an instance may see a room and come in (P2.8). */
export const isOpenTo = (instance: string, { visibility, admits }: Openness): boolean =>
  visibility === 'federated' &&
  (admits === undefined || (Array.isArray(admits) && admits.includes(instance)));
