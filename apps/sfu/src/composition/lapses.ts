import { causesOf, createLapses, type Lapse, type Lapses, type Logger } from '@romm-netplay/service-kit';
import { StateUnavailableError } from '@romm-netplay/shared-state';

/** Redis, or auth in its place, has lines of its own; what fails because of it does not repeat those. */
export const sfuLapses = (log: Logger): Lapses =>
  createLapses(log, (error) => [...causesOf(error)].some((each) => each instanceof StateUnavailableError));

/** Auth as this node's way to all that the instance shares (A3). */
export const authInPlaceOfState = (log: Logger): Lapse =>
  createLapses(log, () => false)({ failing: 'Auth cannot be used', mended: 'Auth can be used again' });
