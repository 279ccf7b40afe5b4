/**
 * WebSocket close codes (RFC 6455 section 7.4): 43xx to 45xx mirror HTTP. `retry` says whether the same
 * client may connect again by itself.
 */
export const CLOSE_CODES = {
  goingAway: { code: 1001, retry: true, reason: 'The server is shutting down; reconnect.' },
  moved: { code: 4308, retry: true, reason: 'The room has moved to the node named in room-redirect.' },
  badMessage: { code: 4400, retry: false, reason: 'A frame is not a request of this protocol.' },
  unauthorized: { code: 4401, retry: false, reason: 'The token was refused; get a new one.' },
  sessionEnded: { code: 4403, retry: false, reason: 'The session has ended; sign in again.' },
  helloTimeout: { code: 4408, retry: true, reason: 'No hello arrived in time.' },
  takenOver: { code: 4409, retry: false, reason: 'You took this place from another socket.' },
  notAdmitted: {
    code: 4410,
    retry: false,
    reason: 'Your instance, or you, may not play here any more; ask the administrator here.',
  },
  tooLarge: { code: 4413, retry: false, reason: 'A frame was larger than allowed.' },
  slowReader: { code: 4428, retry: true, reason: 'You read too slowly; the send buffer is full.' },
  tooManyMessages: { code: 4429, retry: true, reason: 'Too many messages; slow down.' },
  unavailable: { code: 4503, retry: true, reason: 'Authentication is unavailable; try again shortly.' },
} as const satisfies Record<string, { code: number; retry: boolean; reason: string }>;

export type CloseName = keyof typeof CLOSE_CODES;
