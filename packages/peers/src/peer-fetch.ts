import { createOutboundFetch, type OutboundFetch, type Resolve } from '@romm-netplay/outbound';
import type { RegisteredIssuer } from '@romm-netplay/protocol';
import { boundedBySystem } from './bounded-resolve.js';

/** What an administrator said of how another instance is reached. */
export type Reach = Pick<
  RegisteredIssuer,
  'allow_http' | 'allow_private_addresses' | 'ca_certificate' | 'certificate_sha256'
>;

/** Within this, another instance has answered in full. */
const TIMEOUT_MS = 3_000;
/** 200 rooms and what else it may say. */
const MAX_ANSWER_BYTES = 512 * 1024;

/**
 * A fetch for one instance alone: what is allowed for it is allowed for no other (P2.11). To be closed.
 * @throws OutboundError settings_invalid
 */
export const createPeerFetch = (reach: Reach, resolve: Resolve = boundedBySystem): OutboundFetch =>
  createOutboundFetch({
    allowHttp: reach.allow_http,
    allowPrivateAddresses: reach.allow_private_addresses,
    ...(reach.ca_certificate !== null && { ca: reach.ca_certificate }),
    ...(reach.certificate_sha256 !== null && { certificateFingerprints: [reach.certificate_sha256] }),
    timeoutMs: TIMEOUT_MS,
    maxResponseBytes: MAX_ANSWER_BYTES,
    maxPendingPerOrigin: 16,
    resolve,
  });

/** Whether two records are reached in the same way, so that connections may stay. */
export const isSameReach = (one: Reach, other: Reach): boolean =>
  one.allow_http === other.allow_http &&
  one.allow_private_addresses === other.allow_private_addresses &&
  one.ca_certificate === other.ca_certificate &&
  one.certificate_sha256 === other.certificate_sha256;
