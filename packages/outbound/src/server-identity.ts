import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { OutboundError } from './errors.js';

/** How a server proves that it is the right one. */
export interface ServerIdentity {
  readonly tlsOptions: ConnectionOptions;
  /** Whether the certificate of a finished handshake is a pinned one, or none is pinned. */
  matches(socket: TLSSocket): boolean;
}

/** @throws OutboundError settings_invalid */
export function createServerIdentity(
  ca: string | undefined,
  fingerprints: readonly string[] = [],
): ServerIdentity {
  const pins = fingerprints.map(readFingerprint);
  const certificates = ca === undefined ? undefined : readCertificates(ca);
  return {
    tlsOptions: {
      minVersion: 'TLSv1.2',
      // Said explicitly, because NODE_TLS_REJECT_UNAUTHORIZED=0 would change the default.
      rejectUnauthorized: pins.length === 0 || certificates !== undefined,
      ...(certificates && { ca: certificates }),
    },
    matches(socket) {
      if (pins.length === 0) return true;
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) return false;
      const digest = createHash('sha256').update(certificate.raw).digest();
      return pins.filter((pin) => timingSafeEqual(pin, digest)).length > 0;
    },
  };
}

function readFingerprint(text: string): Buffer {
  const hex = text.trim().replaceAll(':', '');
  if (!/^[0-9a-f]{64}$/i.test(hex)) throw new OutboundError('settings_invalid');
  return Buffer.from(hex, 'hex');
}

/** OpenSSL passes over what it cannot read; an admin had better hear of it. */
function readCertificates(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block).toString());
  } catch {
    // Says less than the sentence below.
  }
  throw new OutboundError('settings_invalid');
}
