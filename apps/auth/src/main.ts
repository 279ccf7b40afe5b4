#!/usr/bin/env node
import { announce, runService } from '@romm-netplay/service-kit';
import { composeAuth } from './compose.js';
import { parseConfig } from './config.js';

await runService(async () => {
  const auth = await composeAuth(parseConfig());
  announce('auth', auth.url);
  return auth;
});
