#!/usr/bin/env node
import { announce, runService } from '@romm-netplay/service-kit';
import { setupNotice } from './accounts/setup-notice.js';
import { composeAuth } from './composition/compose.js';
import { parseConfig } from './config.js';

await runService(async () => {
  const auth = await composeAuth(parseConfig());
  announce('auth', auth.url);
  if (auth.setupUrl !== undefined) process.stdout.write(setupNotice(auth.setupUrl));
  return auth;
});
