import { describe, expect, it } from '@jest/globals';
import {
  CLOSE_CODES,
  decodeFrame,
  encodeFrame,
  relayedFrame,
  SOCKET_ERRORS,
} from '@romm-netplay/protocol/wire';
import fc from 'fast-check';

describe('binary frames', () => {
  it('carry channel, slot and every byte from sender to receiver', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1, 2),
        fc.nat(15),
        fc.uint8Array({ maxLength: 2_000 }),
        (channel, slot, payload) => {
          const relayed = relayedFrame(encodeFrame(channel, payload), slot)!;
          const received = decodeFrame(relayed)!;
          expect({ ...received, payload: [...received.payload] }).toEqual({
            channel,
            slot,
            payload: [...payload],
          });
        },
      ),
    );
  });

  it('of an unknown channel, or empty, are not relayed', () => {
    for (const frame of [[], [3], [255, 1, 2]])
      expect(relayedFrame(Uint8Array.from(frame), 0)).toBeUndefined();
    for (const frame of [[], [0]]) expect(decodeFrame(Uint8Array.from(frame))).toBeUndefined();
  });
});

describe('codes', () => {
  it('close with a code of their own and a reason that fits a close frame (RFC 6455 section 5.5)', () => {
    const codes = Object.values(CLOSE_CODES).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const { reason } of Object.values(CLOSE_CODES))
      expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
  });

  it('refuse with a sentence each', () => {
    for (const { message } of Object.values(SOCKET_ERRORS))
      expect(message).toMatch(/^[A-Z].+\.$|^[A-Z].+ data\.$/);
  });
});
