#!/usr/bin/env node
import { announce, runService } from '@romm-netplay/service-kit';
import { composeSfu } from './composition/compose.js';
import { parseConfig } from './config.js';

await runService(async () => {
  const sfu = await composeSfu(parseConfig());
  announce('sfu', sfu.url);
  return sfu;
});
