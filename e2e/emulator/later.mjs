/** For `node --import`: each SIGUSR2 puts the wall clock of the process 20 minutes ahead. Timers run as before. */
const STEP_MS = 20 * 60_000;
const RealDate = Date;
let aheadMs = 0;

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + aheadMs);
    else super(...given);
  }
  static now() {
    return RealDate.now() + aheadMs;
  }
};

process.on('SIGUSR2', () => {
  aheadMs += STEP_MS;
});
